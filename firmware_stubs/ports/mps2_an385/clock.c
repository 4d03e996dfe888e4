/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Time: the FPGAIO block counts microseconds, CMSDK timer 0 wakes the loop, the CMSDK watchdog bites. */
#include "board.h"

enum {
    FPGAIO = 0x40028000,
    FPGAIO_COUNTER = 0x18,
    FPGAIO_PRESCALE = 0x1c,

    TIMER0 = 0x40000000,
    TIMER_CONTROL = 0x00,
    TIMER_VALUE = 0x04,
    TIMER_RELOAD = 0x08,
    TIMER_INTERRUPT = 0x0c,
    TIMER_ENABLE = 1,
    TIMER_INTERRUPT_ENABLE = 8,

    WATCHDOG = 0x40008000,
    WATCHDOG_LOAD = 0x00,
    WATCHDOG_CONTROL = 0x08,
    WATCHDOG_CLEAR = 0x0c,
    WATCHDOG_LOCK = 0xc00,
    WATCHDOG_INTERRUPT_AND_RESET = 3,

    TICKS_PER_US = CPU_HZ / 1000000,
    ALARM_MAX_US = 10000,
};

static uint64_t counted_us; /* of the 32-bit counter, carried on to 64 bit */

void clock_init(void)
{
    REGISTER(FPGAIO + FPGAIO_PRESCALE) = TICKS_PER_US - 1;
    irq_enable(TIMER0_IRQ);
}

/* Called many times an hour, so no wrap of the counter is missed. */
uint64_t clock_us(void)
{
    const uint32_t now = REGISTER(FPGAIO + FPGAIO_COUNTER);
    counted_us += now - (uint32_t)counted_us;
    return counted_us;
}

void clock_alarm_at(uint64_t at_us)
{
    const uint64_t now_us = clock_us();
    uint64_t wait_us = at_us > now_us ? at_us - now_us : 1;
    if (wait_us > ALARM_MAX_US) {
        wait_us = ALARM_MAX_US;
    }
    REGISTER(TIMER0 + TIMER_CONTROL) = 0;
    REGISTER(TIMER0 + TIMER_RELOAD) = (uint32_t)wait_us * TICKS_PER_US;
    REGISTER(TIMER0 + TIMER_VALUE) = (uint32_t)wait_us * TICKS_PER_US;
    REGISTER(TIMER0 + TIMER_CONTROL) = TIMER_ENABLE | TIMER_INTERRUPT_ENABLE;
}

void clock_interrupt(void)
{
    REGISTER(TIMER0 + TIMER_CONTROL) = 0;
    REGISTER(TIMER0 + TIMER_INTERRUPT) = 1;
    board_woken = 1;
}

/* Half a second to the warning, half a second more to the reset. */
void watchdog_init(void)
{
    REGISTER(WATCHDOG + WATCHDOG_LOCK) = 0x1acce551u;
    REGISTER(WATCHDOG + WATCHDOG_LOAD) = CPU_HZ / 2;
    REGISTER(WATCHDOG + WATCHDOG_CONTROL) = WATCHDOG_INTERRUPT_AND_RESET;
}

void watchdog_feed(void)
{
    REGISTER(WATCHDOG + WATCHDOG_CLEAR) = 1;
}
