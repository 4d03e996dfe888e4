/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "guard.h"

#include <string.h>

static const uint32_t FNV_PRIME = 16777619u;

/* FNV-1a, a word at a time: each step is one to one in the sum, so one changed word never hides. */
uint32_t guard_sum(uint32_t sum, const void *memory, size_t n)
{
    const uint8_t *octets = memory;
    for (; n >= sizeof(uint32_t); n -= sizeof(uint32_t), octets += sizeof(uint32_t)) {
        uint32_t word = 0;
        memcpy(&word, octets, sizeof word);
        sum = (sum ^ word) * FNV_PRIME;
    }
    for (; n > 0; n--) {
        sum = (sum ^ *octets++) * FNV_PRIME;
    }
    return sum;
}
