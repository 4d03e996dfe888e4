/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The part of cmocka that the unit tests use, for a processor without an operating system: results leave by
 * semihosting, the first failure ends the program. */
#ifndef CMOCKA_TARGET_H
#define CMOCKA_TARGET_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct CMUnitTest {
    const char *name;
    void (*run)(void **state);
    int (*set_up)(void **state);
};

#define cmocka_unit_test(f) {#f, f, NULL}
#define cmocka_unit_test_setup(f, set_up) {#f, f, set_up}
#define cmocka_run_group_tests(tests, before, after) target_run(tests, sizeof(tests) / sizeof((tests)[0]))

#define assert_true(c) target_check((c) ? 1 : 0, __FILE__, __LINE__)
#define assert_false(c) target_check((c) ? 0 : 1, __FILE__, __LINE__)
#define assert_int_equal(a, b) target_check((unsigned long long)(a) == (unsigned long long)(b), __FILE__, __LINE__)
#define assert_int_not_equal(a, b) target_check((unsigned long long)(a) != (unsigned long long)(b), __FILE__, __LINE__)
#define assert_null(p) target_check((p) == NULL, __FILE__, __LINE__)
#define assert_non_null(p) target_check((p) != NULL, __FILE__, __LINE__)
#define assert_memory_equal(a, b, n) target_check(memcmp((a), (b), (n)) == 0, __FILE__, __LINE__)
#define assert_string_equal(a, b) target_check(strcmp((a), (b)) == 0, __FILE__, __LINE__)

void target_check(int good, const char *file, int line);
int target_run(const struct CMUnitTest *tests, size_t count);

#endif
