/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The box as a whole, on a hal that stands still. */
#include <string.h>

#include "box.h"
#include "cmocka_all.h"
#include "fake_hal.h"

static struct hal hal;
static struct box box;

/* 010 1/1, 140, 020, 040, 220 */
static const uint8_t PLOT[] = {48,   0,    18,   0xf1, 0x00 | 0x80, 1,    1,    0x00, 0x03,
                               0xe8, 0xa0, 0x64, 0x00, 0x20,        0x00, 0x84, 0x00, 0x01};

static int set_up(void **state)
{
    (void)state;
    memset(&hal, 0, sizeof hal);
    hal.now_ns = 5;
    struct box_config config = box_config_default();
    const struct geodetic site = {0.62, 2.44, 40.0};
    if (!sensors_put(&config.sensors, 1, 1, site)) {
        return -1;
    }
    box_init(&box, &config, &hal);
    box_poll(&box); /* the first heartbeat */
    return 0;
}

static void nothing_is_due_before_its_time(void **state)
{
    (void)state;
    box_receive(&box, BOX_RADAR_ETH, PLOT, sizeof PLOT);
    assert_int_equal(box_deadline_ns(&box), 5 + 5000000);
    hal.now_ns = 5 + 4999999;
    box_poll(&box);
    assert_int_equal(hal.sent[HAL_LINK_OUT], 1);
    hal.now_ns++;
    box_poll(&box);
    assert_int_equal(hal.sent[HAL_LINK_OUT], 2);
    assert_int_equal(hal.sent[HAL_C2_OUT], 2);
}

static void a_datagram_that_does_not_leave_is_counted(void **state)
{
    (void)state;
    hal.refuse_to_send = true;
    box_receive(&box, BOX_RADAR_ETH, PLOT, sizeof PLOT);
    hal.now_ns += 10000000;
    box_poll(&box);
    assert_int_equal(box.counters.send_errors, 2);
    assert_int_equal(box.counters.tracks_out, 1);
}

static void a_box_that_slept_does_not_catch_up_with_heartbeats(void **state)
{
    (void)state;
    hal.now_ns += 10000000000u;
    for (int i = 0; i < 5; i++) {
        box_poll(&box);
    }
    assert_int_equal(hal.sent[HAL_C2_OUT], 2);
}

static void the_longest_replies_fit(void **state)
{
    (void)state;
    for (int i = 0; i < EVENTS_MAX; i++) {
        box_log(&box, "an event of thirty-nine characters long");
    }
    for (unsigned i = 2; i < SENSORS_MAX + 1; i++) {
        char line[] = "CONF:SENS 1,00,-35.12345678,-139.12345678,-123.45\n";
        line[12] = (char)('0' + i / 10);
        line[13] = (char)('0' + i % 10);
        box_receive(&box, BOX_CONSOLE, (const uint8_t *)line, strlen(line));
    }
    memset(&box.counters, 0xff, sizeof box.counters);
    const char *questions = "DIAG:LOG?\nSTAT:COUN?;:CONF:SENS?\n";
    box_receive(&box, BOX_CONSOLE, (const uint8_t *)questions, strlen(questions));
    unsigned lines = 0;
    for (size_t i = 0; i < hal.console_used; i++) {
        lines += hal.console[i] == '\n';
    }
    assert_int_equal(lines, 2);
    assert_non_null(strstr(hal.console, "1,16,-35.12345678,-139.12345678,-123.45\n"));
    assert_non_null(strstr(hal.console, "heartbeats=18446744073709551615,tracks_live="));
}

static const char *asked(const char *line)
{
    hal.console_used = 0;
    hal.console[0] = '\0';
    box_receive(&box, BOX_CONSOLE, (const uint8_t *)line, strlen(line));
    return hal.console;
}

/* RIB-REC-005 */
static void a_changed_bit_shows_in_the_self_test_and_nothing_is_made_of_it(void **state)
{
    (void)state;
    static const char *const upsets[] = {"DIAG:UPS 0;*TST?\n", "DIAG:UPS 1;*TST?\n", "DIAG:UPS 2;*TST?\n"};
    for (unsigned region = 0; region < 3; region++) {
        assert_int_equal(set_up(state), 0);
        box_receive(&box, BOX_RADAR_ETH, PLOT, sizeof PLOT);
        hal.now_ns += 10000000;
        box_poll(&box);
        assert_string_equal(asked("*TST?\n"), "0\n");
        const unsigned sent = hal.sent[HAL_LINK_OUT];
        assert_string_equal(asked(upsets[region]), "16\n");
        box_receive(&box, BOX_RADAR_ETH, PLOT, sizeof PLOT);
        hal.now_ns += 10000000;
        box_poll(&box);
        assert_true(box.hangs);
        assert_int_equal(hal.sent[HAL_LINK_OUT], sent);
        assert_int_equal(box.counters.tracks_out, 1);
    }
}

static void a_changed_bit_is_found_within_a_sweep_without_any_plot(void **state)
{
    (void)state;
    box_receive(&box, BOX_RADAR_ETH, PLOT, sizeof PLOT);
    assert_true(box_upset(&box, 2));
    hal.now_ns += 250000000;
    box_poll(&box);
    assert_true(box.hangs);
}

static void what_the_console_changes_is_no_damage(void **state)
{
    (void)state;
    assert_false(box_upset(&box, 2)); /* there is no track yet */
    assert_string_equal(asked("CONF:FLUS 20;MTU 500;COAS 10;CAP 100;FILT 0.5,0.2,0;SENS 9,8,10,20,30;*TST?\n"), "0\n");
    assert_string_equal(asked("*RST;*TST?\n"), "0\n");
    hal.now_ns += 250000000;
    box_poll(&box);
    assert_false(box.hangs);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(nothing_is_due_before_its_time, set_up),
        cmocka_unit_test_setup(a_datagram_that_does_not_leave_is_counted, set_up),
        cmocka_unit_test_setup(a_box_that_slept_does_not_catch_up_with_heartbeats, set_up),
        cmocka_unit_test_setup(the_longest_replies_fit, set_up),
        cmocka_unit_test_setup(a_changed_bit_shows_in_the_self_test_and_nothing_is_made_of_it, set_up),
        cmocka_unit_test_setup(a_changed_bit_is_found_within_a_sweep_without_any_plot, set_up),
        cmocka_unit_test_setup(what_the_console_changes_is_no_damage, set_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
