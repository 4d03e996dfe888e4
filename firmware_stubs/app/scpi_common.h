/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The commands that every SCPI instrument has: IEEE 488.2 §10 (but *IDN?, *RST, *TST?) and SYSTem:ERRor, :VERSion. */
#ifndef SCPI_COMMON_H
#define SCPI_COMMON_H

#include "scpi.h"

enum { SCPI_COMMON_COUNT = 13 };

extern const struct scpi_command scpi_common[SCPI_COMMON_COUNT];

#endif
