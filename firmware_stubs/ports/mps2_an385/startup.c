/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Vectors, memory set-up after a reset, sleeping between interrupts. */
#include "board.h"

extern uint32_t data_load, data_start, data_end, bss_start, bss_end, stack_top;

int main(void);
void Reset_Handler(void);

volatile uint32_t board_woken;

static void ignore(void);
static void fault(void);
static void watchdog_warning(void);
static void uart0(void);
static void uart1(void);

typedef void handler(void);

enum { IRQS = 32, SYSTEM_VECTORS = 16 };

static const struct {
    uint32_t *stack;
    handler *system[SYSTEM_VECTORS - 1];
    handler *irq[IRQS];
} VECTORS __attribute__((section(".vectors"), used)) = {
    .stack = &stack_top,
    .system = {Reset_Handler, watchdog_warning, fault, fault, fault, fault, 0, 0, 0, 0, ignore, ignore, 0, ignore,
               ignore},
    .irq =
        {
            [UART0_RX_IRQ] = uart0,
            [UART1_RX_IRQ] = uart1,
            [TIMER0_IRQ] = clock_interrupt,
            [ETHERNET_IRQ] = ethernet_interrupt,
        },
};

void Reset_Handler(void)
{
    const uint32_t *from = &data_load;
    for (uint32_t *to = &data_start; to < &data_end; to++) {
        *to = *from++;
    }
    for (uint32_t *to = &bss_start; to < &bss_end; to++) {
        *to = 0;
    }
    reset_note();
    (void)main();
    reset_by_software();
}

void irq_enable(unsigned number)
{
    REGISTER(0xe000e100u + 4u * (number / 32u)) = 1u << (number % 32u); /* NVIC_ISER */
}

/* Interrupts are held while the flag is looked at; one that is pending ends WFI all the same. */
void board_sleep(void)
{
    __asm volatile("cpsid i" ::: "memory");
    if (board_woken == 0) {
        __asm volatile("wfi" ::: "memory");
    }
    board_woken = 0;
    __asm volatile("cpsie i" ::: "memory");
}

static void uart0(void)
{
    uart_interrupt(UART_CONSOLE);
}

static void uart1(void)
{
    uart_interrupt(UART_RADAR);
}

/* Not cleared: the second stage resets the board. */
static void watchdog_warning(void)
{
    reset_watchdog_warned();
}

static void fault(void)
{
    for (;;) { /* the watchdog sees to the rest */
    }
}

static void ignore(void)
{
}
