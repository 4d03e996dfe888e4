/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The formatter as a function, for those who load libcat062.so. */
#ifndef CAT062_BLOCKS_H
#define CAT062_BLOCKS_H

#include <stddef.h>
#include <stdint.h>

/* Formats `count` track records of 56 octets into `out`; returns the octets that the blocks take, or SIZE_MAX if they
 * take more than `capacity` (or the MTU is out of range). `*malformed` gets the number of records dropped. */
size_t cat062_blocks(const uint8_t *records, size_t count, uint16_t mtu, uint8_t sac, uint8_t sic, uint8_t service,
                     uint8_t *out, size_t capacity, uint64_t *malformed);

#endif
