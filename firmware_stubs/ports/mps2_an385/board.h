/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Arm MPS2 with the AN385 image (Cortex-M3, 25 MHz): addresses of Application Note AN385 and of the CMSDK manual. */
#ifndef BOARD_H
#define BOARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "hal.h"

enum { CPU_HZ = 25000000, UARTS = 2, UART_CONSOLE = 0, UART_RADAR = 1 };

enum {
    UART0_RX_IRQ = 0,
    UART1_RX_IRQ = 2,
    TIMER0_IRQ = 8,
    ETHERNET_IRQ = 13,
};

#define REGISTER(address) (*(volatile uint32_t *)(uintptr_t)(address))

/* startup.c */
extern volatile uint32_t board_woken; /* set by every interrupt, taken by board_sleep */
void irq_enable(unsigned number);
void board_sleep(void);

/* reset.c: what survives a reset and how the last one came about */
void reset_note(void); /* first thing after a reset */
enum hal_reset_cause reset_cause(void);
unsigned reset_boots(void);
void reset_by_software(void);
void reset_watchdog_warned(void); /* from the watchdog's first stage */

/* uart.c */
void uart_init(void);
size_t uart_read(unsigned uart, uint8_t *octets, size_t capacity);
void uart_write(unsigned uart, const uint8_t *octets, size_t n);
uint32_t uart_lost(unsigned uart);
void uart_interrupt(unsigned uart);

/* clock.c: a 64-bit microsecond counter, an alarm, the watchdog */
void clock_init(void);
uint64_t clock_us(void);
void clock_alarm_at(uint64_t at_us); /* wakes board_sleep then, at the latest in 10 ms */
void clock_interrupt(void);
void watchdog_init(void);
void watchdog_feed(void);

/* lan9118.c */
bool ethernet_init(uint8_t mac[6]);
size_t ethernet_receive(uint8_t *frame, size_t capacity); /* 0 = nothing is there */
bool ethernet_send(const uint8_t *frame, size_t n);
void ethernet_interrupt(void);

/* settings.c: the command line that the emulator's semihosting gives stands for the settings memory */
size_t settings_read(char *text, size_t capacity);

#endif
