/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SMSC LAN9118 Ethernet controller. */
#include <string.h>

#include "board.h"

enum {
    ETHERNET = 0x40200000,
    RX_DATA = 0x00,
    TX_DATA = 0x20,
    RX_STATUS = 0x40,
    TX_STATUS = 0x48,
    IRQ_CONFIG = 0x54,
    INTERRUPTS = 0x58,
    INTERRUPTS_ENABLED = 0x5c,
    BYTE_TEST = 0x64,
    FIFO_LEVELS = 0x68,
    TX_CONFIG = 0x70,
    HW_CONFIG = 0x74,
    RX_FIFO = 0x7c,
    TX_FIFO = 0x80,
    MAC_COMMAND = 0xa4,
    MAC_DATA = 0xa8,

    /* behind MAC_COMMAND */
    MAC_CONTROL = 1,
    MAC_ADDRESS_HIGH = 2,
    MAC_ADDRESS_LOW = 3,
    MII_ACCESS = 6,
    MII_DATA = 7,

    RX_STATUS_LEVEL = 8, /* interrupt: more received frames than FIFO_LEVELS says */
    RX_STATUS_ERROR = 0x8000,
    FRAME_CHECK = 4,
};

static const uint32_t BUSY = 0x80000000;
static const uint32_t READ = 0x40000000;
static bool there;

static uint32_t mac_read(uint32_t number)
{
    REGISTER(ETHERNET + MAC_COMMAND) = BUSY | READ | number;
    while ((REGISTER(ETHERNET + MAC_COMMAND) & BUSY) != 0) {
    }
    return REGISTER(ETHERNET + MAC_DATA);
}

static void mac_write(uint32_t number, uint32_t value)
{
    REGISTER(ETHERNET + MAC_DATA) = value;
    REGISTER(ETHERNET + MAC_COMMAND) = BUSY | number;
    while ((REGISTER(ETHERNET + MAC_COMMAND) & BUSY) != 0) {
    }
}

bool ethernet_init(uint8_t mac[6])
{
    if (REGISTER(ETHERNET + BYTE_TEST) != 0x87654321u) {
        return false;
    }
    const uint32_t low = mac_read(MAC_ADDRESS_LOW); /* from the controller's EEPROM */
    const uint32_t high = mac_read(MAC_ADDRESS_HIGH);
    for (unsigned i = 0; i < 6; i++) {
        mac[i] = (uint8_t)(i < 4 ? low >> (8 * i) : high >> (8 * (i - 4)));
    }
    REGISTER(ETHERNET + HW_CONFIG) = (5u << 16) | (1u << 20); /* 5 KiB to send from; must be one */
    mac_write(MII_DATA, 0x1200);                              /* PHY control: negotiate, restart */
    mac_write(MII_ACCESS, (1u << 11) | 2u);
    REGISTER(ETHERNET + FIFO_LEVELS) = 0xff000000u; /* tell of the first frame received */
    REGISTER(ETHERNET + INTERRUPTS) = 0xffffffffu;
    REGISTER(ETHERNET + INTERRUPTS_ENABLED) = RX_STATUS_LEVEL;
    REGISTER(ETHERNET + IRQ_CONFIG) = 0x111u; /* on, active high, push-pull */
    REGISTER(ETHERNET + TX_CONFIG) = 2;
    mac_write(MAC_CONTROL, 0x00100000u | 8u | 4u); /* full duplex, send, receive */
    irq_enable(ETHERNET_IRQ);
    there = true;
    return true;
}

size_t ethernet_receive(uint8_t *frame, size_t capacity)
{
    if (!there) {
        return 0;
    }
    if ((REGISTER(ETHERNET + RX_FIFO) & 0x00ff0000u) == 0) {
        REGISTER(ETHERNET + INTERRUPTS) = RX_STATUS_LEVEL;
        REGISTER(ETHERNET + INTERRUPTS_ENABLED) = RX_STATUS_LEVEL; /* then look once more, or a frame waits for ever */
        if ((REGISTER(ETHERNET + RX_FIFO) & 0x00ff0000u) == 0) {
            return 0;
        }
    }
    const uint32_t status = REGISTER(ETHERNET + RX_STATUS);
    const size_t with_check = (status >> 16) & 0x3fffu;
    const size_t n = with_check > FRAME_CHECK ? with_check - FRAME_CHECK : 0;
    const bool wanted = (status & RX_STATUS_ERROR) == 0 && n <= capacity;
    for (size_t at = 0; at < with_check; at += 4) {
        const uint32_t word = REGISTER(ETHERNET + RX_DATA);
        for (size_t i = 0; i < 4 && wanted && at + i < n; i++) {
            frame[at + i] = (uint8_t)(word >> (8u * i));
        }
    }
    return wanted ? n : 0;
}

bool ethernet_send(const uint8_t *frame, size_t n)
{
    const uint32_t length = (uint32_t)n;
    if (!there || (REGISTER(ETHERNET + TX_FIFO) & 0xffffu) < length + 16u) {
        return false;
    }
    REGISTER(ETHERNET + TX_DATA) = 0x3000u | length; /* first and last segment */
    REGISTER(ETHERNET + TX_DATA) = (length << 16) | length;
    for (size_t at = 0; at < n; at += 4) {
        uint32_t word = 0;
        memcpy(&word, frame + at, n - at < 4 ? n - at : 4);
        REGISTER(ETHERNET + TX_DATA) = word;
    }
    while ((REGISTER(ETHERNET + TX_FIFO) & 0x00ff0000u) != 0) {
        (void)REGISTER(ETHERNET + TX_STATUS);
    }
    return true;
}

/* A level: the loop empties the FIFO, then ethernet_receive lets the interrupt in again. */
void ethernet_interrupt(void)
{
    REGISTER(ETHERNET + INTERRUPTS_ENABLED) = 0;
    board_woken = 1;
}
