/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sums over memory that the box must not get wrong, to find out when it has changed behind the program's back.
 * RIB-REC-005. */
#ifndef GUARD_H
#define GUARD_H

#include <stddef.h>
#include <stdint.h>

#define GUARD_START UINT32_C(2166136261)

/* The sum of so many octets, a multiple of four, carried on from `sum`. Every change of a single bit changes it. */
uint32_t guard_sum(uint32_t sum, const void *memory, size_t octets);

#endif
