/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "board.h"

static const uint32_t RUNNING = 0x52494221; /* anything else: the memory has just got its power */
enum { LEFT_NOTHING, LEFT_BY_SOFTWARE, LEFT_BY_WATCHDOG };

static __attribute__((section(".noinit"))) struct {
    uint32_t running, left, boots;
} kept;

static enum hal_reset_cause cause;

void reset_note(void)
{
    if (kept.running != RUNNING) {
        cause = HAL_RESET_POWER;
        kept.boots = 0;
    } else {
        cause = kept.left == LEFT_BY_SOFTWARE   ? HAL_RESET_SOFTWARE
                : kept.left == LEFT_BY_WATCHDOG ? HAL_RESET_WATCHDOG
                                                : HAL_RESET_PIN;
        kept.boots++;
    }
    kept.running = RUNNING;
    kept.left = LEFT_NOTHING;
}

enum hal_reset_cause reset_cause(void)
{
    return cause;
}

unsigned reset_boots(void)
{
    return kept.boots;
}

void reset_by_software(void)
{
    kept.left = LEFT_BY_SOFTWARE;
    __asm volatile("dsb" ::: "memory");
    REGISTER(0xe000ed0cu) = 0x05fa0004u; /* AIRCR.SYSRESETREQ */
    for (;;) {
    }
}

void reset_watchdog_warned(void)
{
    kept.left = LEFT_BY_WATCHDOG;
}
