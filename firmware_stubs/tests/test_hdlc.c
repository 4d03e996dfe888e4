/* SPDX-License-Identifier: GPL-2.0-or-later */
/* RFC 1662 off the line, octet by octet. */
#include <string.h>

#include "cmocka_all.h"
#include "hdlc.h"

static size_t stuff(const uint8_t *payload, size_t n, uint8_t fcs_octets, uint8_t *line);
static enum hdlc_event push_all(struct hdlc_receiver *receiver, const uint8_t *line, size_t n, size_t *length);

static void check_values_are_those_of_the_catalogue(void **state)
{
    (void)state;
    assert_int_equal(hdlc_fcs16((const uint8_t *)"123456789", 9), 0x906e);
    assert_int_equal(hdlc_fcs32((const uint8_t *)"123456789", 9), 0xcbf43926);
}

static void every_octet_value_survives_the_line(void **state)
{
    uint8_t payload[256];
    uint8_t line[1024];
    (void)state;
    for (unsigned i = 0; i < sizeof payload; i++) {
        payload[i] = (uint8_t)i;
    }
    for (uint8_t fcs = 2; fcs <= 4; fcs = (uint8_t)(fcs + 2)) {
        struct hdlc_receiver receiver;
        size_t length = 0;
        hdlc_init(&receiver, fcs);
        const size_t n = stuff(payload, sizeof payload, fcs, line);
        assert_int_equal(push_all(&receiver, line, n, &length), HDLC_FRAME);
        assert_int_equal(length, sizeof payload);
        assert_memory_equal(receiver.octets, payload, sizeof payload);
    }
}

static void the_longest_frame_is_taken_and_one_octet_more_is_not(void **state)
{
    static uint8_t payload[HDLC_PAYLOAD_MAX + 1];
    static uint8_t line[2 * HDLC_PAYLOAD_MAX + 16];
    struct hdlc_receiver receiver;
    size_t length = 0;
    (void)state;
    hdlc_init(&receiver, 2);
    assert_int_equal(push_all(&receiver, line, stuff(payload, HDLC_PAYLOAD_MAX, 2, line), &length), HDLC_FRAME);
    assert_int_equal(length, HDLC_PAYLOAD_MAX);
    assert_int_equal(push_all(&receiver, line, stuff(payload, HDLC_PAYLOAD_MAX + 1, 2, line), &length), HDLC_TOO_LONG);
    assert_int_equal(push_all(&receiver, line, stuff(payload, 5, 2, line), &length), HDLC_FRAME);
}

static void one_flag_may_end_a_frame_and_begin_the_next(void **state)
{
    const uint8_t payload[] = {1, 2, 3};
    uint8_t line[64];
    struct hdlc_receiver receiver;
    size_t length = 0;
    (void)state;
    hdlc_init(&receiver, 2);
    const size_t n = stuff(payload, sizeof payload, 2, line);
    assert_int_equal(push_all(&receiver, line, n, &length), HDLC_FRAME);
    assert_int_equal(push_all(&receiver, line + 1, n - 1, &length), HDLC_FRAME);
}

static void what_comes_before_the_first_flag_is_nothing(void **state)
{
    const uint8_t noise[] = {1, 2, 0x7d, 3, 0x7e, 0x7e};
    struct hdlc_receiver receiver;
    size_t length = 0;
    (void)state;
    hdlc_init(&receiver, 2);
    assert_int_equal(push_all(&receiver, noise, sizeof noise, &length), HDLC_NOTHING);
}

static void each_way_to_go_wrong_has_its_name(void **state)
{
    const uint8_t aborted[] = {0x7e, 1, 2, 3, 4, 0x7d, 0x7e};
    const uint8_t runt[] = {0x7e, 1, 2, 0x7e};
    const uint8_t bad_fcs[] = {0x7e, 1, 2, 3, 4, 5, 0x7e};
    struct hdlc_receiver receiver;
    size_t length = 0;
    (void)state;
    hdlc_init(&receiver, 2);
    assert_int_equal(push_all(&receiver, aborted, sizeof aborted, &length), HDLC_ABORTED);
    assert_int_equal(push_all(&receiver, runt, sizeof runt, &length), HDLC_RUNT);
    assert_int_equal(push_all(&receiver, bad_fcs, sizeof bad_fcs, &length), HDLC_BAD_FCS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(check_values_are_those_of_the_catalogue),
        cmocka_unit_test(every_octet_value_survives_the_line),
        cmocka_unit_test(the_longest_frame_is_taken_and_one_octet_more_is_not),
        cmocka_unit_test(one_flag_may_end_a_frame_and_begin_the_next),
        cmocka_unit_test(what_comes_before_the_first_flag_is_nothing),
        cmocka_unit_test(each_way_to_go_wrong_has_its_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

static size_t stuff(const uint8_t *payload, size_t n, uint8_t fcs_octets, uint8_t *line)
{
    const uint32_t fcs = fcs_octets == 2 ? hdlc_fcs16(payload, n) : hdlc_fcs32(payload, n);
    size_t at = 0;
    line[at++] = 0x7e;
    for (size_t i = 0; i < n + fcs_octets; i++) {
        const uint8_t octet = (uint8_t)(i < n ? payload[i] : fcs >> (8 * (i - n)));
        if (octet == 0x7e || octet == 0x7d) {
            line[at++] = 0x7d;
        }
        line[at++] = (uint8_t)(octet == 0x7e || octet == 0x7d ? octet ^ 0x20 : octet);
    }
    line[at++] = 0x7e;
    return at;
}

/* The last event that was something. */
static enum hdlc_event push_all(struct hdlc_receiver *receiver, const uint8_t *line, size_t n, size_t *length)
{
    enum hdlc_event last = HDLC_NOTHING;
    for (size_t i = 0; i < n; i++) {
        size_t here = 0;
        const enum hdlc_event event = hdlc_push(receiver, line[i], &here);
        if (event != HDLC_NOTHING) {
            last = event;
            *length = here;
        }
    }
    return last;
}
