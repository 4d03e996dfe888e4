/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The GNU build id of the image that this code runs in, read from its own mapped ELF notes. */
#ifndef BUILD_ID_H
#define BUILD_ID_H

#include <stddef.h>
#include <stdint.h>

/* Octets written, at most `capacity`; 0 = the image has none. */
size_t build_id(uint8_t *out, size_t capacity);

#endif
