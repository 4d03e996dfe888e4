/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Big-endian integers in octet strings, as ASTERIX and IP write them. The caller has checked the length. */
#ifndef OCTETS_H
#define OCTETS_H

#include <stdint.h>

static inline uint16_t get_u16(const uint8_t *p)
{
    return (uint16_t)((p[0] << 8) | p[1]);
}

static inline uint32_t get_u24(const uint8_t *p)
{
    return ((uint32_t)p[0] << 16) | ((uint32_t)p[1] << 8) | p[2];
}

static inline uint32_t get_u32(const uint8_t *p)
{
    return ((uint32_t)get_u16(p) << 16) | get_u16(p + 2);
}

/* The low `bits` of `value` as a two's complement number. */
static inline int32_t sign_extend(uint32_t value, unsigned bits)
{
    const uint32_t sign = UINT32_C(1) << (bits - 1u);
    const int64_t wide = (int64_t)(value & (sign - 1u)) - (int64_t)(value & sign);
    return (int32_t)wide;
}

static inline void put_u16(uint8_t *p, uint16_t value)
{
    p[0] = (uint8_t)(value >> 8);
    p[1] = (uint8_t)value;
}

static inline void put_u24(uint8_t *p, uint32_t value)
{
    p[0] = (uint8_t)(value >> 16);
    put_u16(p + 1, (uint16_t)value);
}

static inline void put_u32(uint8_t *p, uint32_t value)
{
    put_u16(p, (uint16_t)(value >> 16));
    put_u16(p + 2, (uint16_t)value);
}

#endif
