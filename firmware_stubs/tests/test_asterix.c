/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where a record ends and where its items lie, for each kind of item; no octet behind the end is ever looked at. */
#include <stdlib.h>
#include <string.h>

#include "asterix.h"
#include "cmocka_all.h"

static enum parse_result parse(const struct category *category, const char *hex, struct record *record);

static void fixed_items_lie_one_after_another(void **state)
{
    struct record record;
    (void)state;
    assert_int_equal(parse(&cat048, "e0 0a14 0003e8 a0", &record), PARSE_OK);
    assert_int_equal(record.length, 7);
    assert_int_equal(record.item_length[I048_010], 2);
    assert_int_equal(record.item_length[I048_140], 3);
    assert_int_equal(record.item_length[I048_020], 1);
    assert_null(record.item[I048_040]);
}

static void extended_items_go_on_while_fx_says_so(void **state)
{
    struct record record;
    (void)state;
    assert_int_equal(parse(&cat048, "20 0101010101 00", &record), PARSE_OK);
    assert_int_equal(record.item_length[I048_020], 6);
    assert_int_equal(parse(&cat048, "20 010101010101 00", &record), PARSE_BAD_ITEM);
    assert_int_equal(parse(&cat048, "20 0101", &record), PARSE_TRUNCATED);
}

static void repeated_items_are_as_many_as_rep_says(void **state)
{
    struct record record;
    (void)state;
    assert_int_equal(parse(&cat048, "0120 02 0000000000000010 0000000000000020", &record), PARSE_OK);
    assert_int_equal(record.item_length[10], 17);
    assert_int_equal(parse(&cat048, "0120 00", &record), PARSE_OK);
    assert_int_equal(parse(&cat048, "0120 02 0000000000000010", &record), PARSE_TRUNCATED);
}

static void explicit_items_count_their_own_length_octet(void **state)
{
    struct record record;
    (void)state;
    assert_int_equal(parse(&cat048, "01010104 03aabb", &record), PARSE_OK);
    assert_int_equal(record.item_length[27], 3);
    assert_int_equal(parse(&cat048, "01010104 00aabb", &record), PARSE_BAD_ITEM);
    assert_int_equal(parse(&cat048, "01010104 04aabb", &record), PARSE_TRUNCATED);
}

static void compound_items_have_an_fspec_of_their_own(void **state)
{
    struct record record;
    (void)state;
    assert_int_equal(parse(&cat048, "02 a2 01 02 03", &record), PARSE_OK);
    assert_int_equal(record.item_length[I048_130], 4);
    const struct item_rule *rule = &cat048.items[I048_130 - 1];
    assert_int_equal(*subfield(rule, record.item[I048_130], 3), 2);
    assert_null(subfield(rule, record.item[I048_130], 2));
    assert_int_equal(parse(&cat048, "02 a3 01 02 03", &record), PARSE_BAD_ITEM);
}

static void impossible_fspecs_are_refused(void **state)
{
    struct record record;
    (void)state;
    assert_int_equal(parse(&cat048, "00", &record), PARSE_BAD_FSPEC);
    assert_int_equal(parse(&cat048, "0101010101", &record), PARSE_BAD_FSPEC);
    assert_int_equal(parse(&cat048, "01", &record), PARSE_TRUNCATED);
    assert_int_equal(parse(&cat062, "40 00", &record), PARSE_BAD_FSPEC); /* the second position is spare */
}

static void a_block_is_as_long_as_it_says_or_it_lies(void **state)
{
    const uint8_t block[] = {48, 0, 5, 0x80, 1};
    const uint8_t empty[] = {48, 0, 3};
    (void)state;
    assert_int_equal(block_length(block, 5), 5);
    assert_int_equal(block_length(block, 4), 0);
    assert_int_equal(block_length(block, 2), 0);
    assert_int_equal(block_length(empty, 3), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fixed_items_lie_one_after_another),
        cmocka_unit_test(extended_items_go_on_while_fx_says_so),
        cmocka_unit_test(repeated_items_are_as_many_as_rep_says),
        cmocka_unit_test(explicit_items_count_their_own_length_octet),
        cmocka_unit_test(compound_items_have_an_fspec_of_their_own),
        cmocka_unit_test(impossible_fspecs_are_refused),
        cmocka_unit_test(a_block_is_as_long_as_it_says_or_it_lies),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* The octets lie in memory of exactly their length, so that AddressSanitizer sees a look behind the end. */
static enum parse_result parse(const struct category *category, const char *hex, struct record *record)
{
    static uint8_t *octets; /* the last ones, for the pointers in `record` */
    uint8_t buffer[64];
    size_t n = 0;
    for (const char *at = hex; *at != '\0'; at++) {
        if (*at != ' ') {
            const char digits[3] = {at[0], at[1], '\0'};
            buffer[n++] = (uint8_t)strtoul(digits, NULL, 16);
            at++;
        }
    }
    free(octets);
    octets = malloc(n);
    memcpy(octets, buffer, n);
    return record_parse(category, octets, n, record);
}
