/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmocka_target.h"

#include "text.h"

enum { SYS_WRITE0 = 0x04, SYS_EXIT = 0x18, STOPPED_WELL = 0x20026, STOPPED_BADLY = 0x20023 };

static void semihosting(uint32_t number, const void *argument)
{
    register uint32_t operation __asm("r0") = number;
    register const void *parameter __asm("r1") = argument;
    __asm volatile("bkpt 0xab" : "+r"(operation) : "r"(parameter) : "memory");
}

static void end_program(uint32_t reason)
{
    semihosting(SYS_EXIT, (const void *)(uintptr_t)reason);
    for (;;) {
    }
}

void target_check(int good, const char *file, int line)
{
    char message[160];
    struct text text = text_on(message, sizeof message);
    if (good) {
        return;
    }
    text_add(&text, file);
    text_add(&text, ":");
    text_add_unsigned(&text, (uint64_t)line);
    text_add(&text, ": failed\n");
    semihosting(SYS_WRITE0, message);
    end_program(STOPPED_BADLY);
}

int target_run(const struct CMUnitTest *tests, size_t count)
{
    char message[64];
    struct text text = text_on(message, sizeof message);
    void *state = NULL;
    for (size_t i = 0; i < count; i++) {
        target_check(tests[i].set_up == NULL || tests[i].set_up(&state) == 0, tests[i].name, 0);
        tests[i].run(&state);
    }
    text_add_unsigned(&text, count);
    text_add(&text, " passed\n");
    semihosting(SYS_WRITE0, message);
    end_program(STOPPED_WELL);
    return 0;
}
