/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Built-in test: what *TST? runs. */
#ifndef BIT_H
#define BIT_H

#include "hal.h"

enum { BIT_GOOD = 0, BIT_FCS = 1, BIT_GEODESY = 2, BIT_FORMATTER = 4, BIT_BUILD_ID = 8, BIT_MEMORY = 16 };

/* The set of tests that failed; 0 = good. BIT_MEMORY is the box's own to add: box_memory_is_whole. */
unsigned bit_run(struct hal *hal);

#endif
