/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "guard.h"

#include <string.h>

static const uint32_t FNV_PRIME = 16777619u;

/* FNV-1a, a word at a time: each step is one to one in the sum, so one changed word never hides. */
uint32_t guard_sum(uint32_t sum, const void *memory, size_t octets)
{
    const uint8_t *words = memory;
    for (size_t at = 0; at < octets; at += sizeof sum) {
        uint32_t word;
        memcpy(&word, words + at, sizeof word);
        sum = (sum ^ word) * FNV_PRIME;
    }
    return sum;
}
