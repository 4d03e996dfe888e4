/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The message exchange of IEEE 488.2, and numbers in and out of text. */
#include <math.h>
#include <string.h>

#include "cmocka_all.h"
#include "scpi.h"

static struct scpi scpi;
static char reply[SCPI_REPLY_MAX + 1];

static void say_one(void *context, struct scpi *to, const char *parameters)
{
    (void)context;
    text_add(&to->reply, "one");
    text_add(&to->reply, parameters);
}

static void take_two(void *context, struct scpi *to, const char *parameters)
{
    double numbers[2];
    (void)context;
    if (scpi_numbers(to, parameters, numbers, 2)) {
        text_add_fixed(&to->reply, numbers[0] + numbers[1], 2);
    }
}

static const struct scpi_command COMMANDS[] = {{"MEASure:ONE?", say_one}, {"MEASure:TWO?", take_two}};

static void keep_reply(void *context, const char *text, size_t n)
{
    (void)context;
    memcpy(reply, text, n);
    reply[n] = '\0';
}

static const char *ask(const char *line)
{
    reply[0] = '\0';
    scpi_input(&scpi, COMMANDS, 2, NULL, keep_reply, (const uint8_t *)line, strlen(line));
    return reply;
}

static int set_up(void **state)
{
    (void)state;
    scpi_init(&scpi);
    return 0;
}

static void headers_match_in_short_and_long_form_only(void **state)
{
    (void)state;
    assert_string_equal(ask("MEAS:ONE?\n"), "one\n");
    assert_string_equal(ask("measure:one?\r\n"), "one\n");
    assert_string_equal(ask(":MEAS:ONE? x\n"), "onex\n");
    assert_string_equal(ask("MEASU:ONE?\n"), "");
    assert_string_equal(ask("MEAS:ONE\n"), "");
    assert_string_equal(ask("MEA:ONE?\n"), "");
    assert_string_equal(ask("MEAS:ONE?X\n"), "");
    assert_int_equal(scpi.error_count, 4);
}

static void a_list_keeps_its_path(void **state)
{
    (void)state;
    assert_string_equal(ask("MEAS:ONE?;TWO? 1,2;*OPC?;ONE?\n"), "one;3.00;1;one\n");
    assert_string_equal(ask("MEAS:ONE?;;MEAS:ONE?\n"), "one;one\n");
    assert_int_equal(scpi.error_count, 0);
}

static void parameters_are_looked_at_closely(void **state)
{
    (void)state;
    assert_string_equal(ask("MEAS:TWO? -1.5e1 , +2.25\n"), "-12.75\n");
    (void)ask("MEAS:TWO? 1\n");
    (void)ask("MEAS:TWO? 1,2,3\n");
    (void)ask("MEAS:TWO? 1,,2\n");
    (void)ask("MEAS:TWO? 1,2x\n");
    assert_int_equal(scpi_next_error(&scpi), SCPI_MISSING_PARAMETER);
    assert_int_equal(scpi_next_error(&scpi), SCPI_PARAMETER_NOT_ALLOWED);
    assert_int_equal(scpi_next_error(&scpi), SCPI_DATA_TYPE_ERROR);
    assert_int_equal(scpi_next_error(&scpi), SCPI_DATA_TYPE_ERROR);
    assert_int_equal(scpi_next_error(&scpi), SCPI_NO_ERROR);
}

static void the_status_byte_sums_up(void **state)
{
    (void)state;
    assert_string_equal(ask("*CLS;*ESE 32;*SRE 32;*STB?\n"), "0\n");
    assert_string_equal(ask("NONSENSE;*STB?;*ESR?;*STB?\n"), "100;32;4\n");
}

static void numbers_print_as_they_are(void **state)
{
    char buffer[64];
    struct text text = text_on(buffer, sizeof buffer);
    (void)state;
    text_add_fixed(&text, -0.0004, 3);
    text_add(&text, " ");
    text_add_fixed(&text, -12.3456, 2);
    text_add(&text, " ");
    text_add_signed(&text, INT64_MIN);
    text_add(&text, " ");
    text_add_fixed(&text, (double)NAN, 1);
    assert_string_equal(buffer, "0.000 -12.35 -9223372036854775808 9.91E+37");
}

static void text_that_does_not_fit_is_cut(void **state)
{
    char buffer[4];
    struct text text = text_on(buffer, sizeof buffer);
    (void)state;
    text_add(&text, "abcdef");
    assert_string_equal(buffer, "abc");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(headers_match_in_short_and_long_form_only, set_up),
        cmocka_unit_test_setup(a_list_keeps_its_path, set_up),
        cmocka_unit_test_setup(parameters_are_looked_at_closely, set_up),
        cmocka_unit_test_setup(the_status_byte_sums_up, set_up),
        cmocka_unit_test(numbers_print_as_they_are),
        cmocka_unit_test(text_that_does_not_fit_is_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
