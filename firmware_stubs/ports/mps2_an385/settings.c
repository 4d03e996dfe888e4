/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "board.h"

enum { SYS_GET_CMDLINE = 0x15 };

/* Arm semihosting: the emulator fills the buffer. On a board without it, BKPT would stop the processor. */
size_t settings_read(char *text, size_t capacity)
{
    struct {
        char *text;
        uint32_t n;
    } block = {text, (uint32_t)capacity};
    register uint32_t operation __asm("r0") = SYS_GET_CMDLINE;
    register void *parameters __asm("r1") = &block;
    __asm volatile("bkpt 0xab" : "+r"(operation) : "r"(parameters) : "memory");
    return operation == 0 ? block.n : 0;
}
