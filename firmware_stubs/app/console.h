/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The commands of docs/icd.md §4. RIB-CON-003. */
#ifndef CONSOLE_H
#define CONSOLE_H

#include <stddef.h>
#include <stdint.h>

struct box;

void console_input(struct box *box, const uint8_t *octets, size_t n);

#endif
