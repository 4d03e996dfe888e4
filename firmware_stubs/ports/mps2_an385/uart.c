/* SPDX-License-Identifier: GPL-2.0-or-later */
/* CMSDK UARTs, one octet deep each way: received octets go into a ring by interrupt. */
#include "board.h"

enum {
    DATA = 0x00,
    STATE = 0x04,
    CONTROL = 0x08,
    INTERRUPT = 0x0c,
    BAUD_DIVIDER = 0x10,

    STATE_TX_FULL = 1,
    STATE_RX_FULL = 2,
    STATE_RX_OVERRUN = 8,
    CONTROL_TX = 1,
    CONTROL_RX = 2,
    CONTROL_RX_INTERRUPT = 8,
    INTERRUPT_RX = 2,

    BAUD = 115200,
    RING = 16384,
};

static const uint32_t BASE[UARTS] = {0x40004000, 0x40005000};

static struct {
    volatile uint32_t head, tail, lost;
    uint8_t octets[RING];
} rings[UARTS];

void uart_init(void)
{
    for (unsigned uart = 0; uart < UARTS; uart++) {
        REGISTER(BASE[uart] + BAUD_DIVIDER) = CPU_HZ / BAUD;
        REGISTER(BASE[uart] + CONTROL) = CONTROL_TX | CONTROL_RX | CONTROL_RX_INTERRUPT;
    }
    irq_enable(UART0_RX_IRQ);
    irq_enable(UART1_RX_IRQ);
}

size_t uart_read(unsigned uart, uint8_t *octets, size_t capacity)
{
    size_t n = 0;
    while (n < capacity && rings[uart].tail != rings[uart].head) {
        octets[n++] = rings[uart].octets[rings[uart].tail % RING];
        rings[uart].tail++;
    }
    return n;
}

void uart_write(unsigned uart, const uint8_t *octets, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        while ((REGISTER(BASE[uart] + STATE) & STATE_TX_FULL) != 0) {
        }
        REGISTER(BASE[uart] + DATA) = octets[i];
    }
}

uint32_t uart_lost(unsigned uart)
{
    return rings[uart].lost;
}

void uart_interrupt(unsigned uart)
{
    REGISTER(BASE[uart] + INTERRUPT) = INTERRUPT_RX;
    if ((REGISTER(BASE[uart] + STATE) & STATE_RX_OVERRUN) != 0) {
        REGISTER(BASE[uart] + STATE) = STATE_RX_OVERRUN;
        rings[uart].lost++;
    }
    while ((REGISTER(BASE[uart] + STATE) & STATE_RX_FULL) != 0) {
        const uint8_t octet = (uint8_t)REGISTER(BASE[uart] + DATA);
        if (rings[uart].head - rings[uart].tail < RING) {
            rings[uart].octets[rings[uart].head % RING] = octet;
            rings[uart].head++;
        } else {
            rings[uart].lost++;
        }
    }
    board_woken = 1;
}
