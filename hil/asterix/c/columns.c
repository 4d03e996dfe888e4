/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Bits of records to columns. Rows come in any mix of layouts, each says where the field's slot is. 64 rows are read together:
 * first the 64-bit word that holds a field (and its neighbours in the slot) of each row, then all fields out of these words, in
 * loops without branches that compilers vectorise.
 */
#include "kernel.h"

#ifndef STRETCH
#define STRETCH 512 /* rows */
#endif

/* The words of one window, LANES rows of them, and for each row all ones where its slot is there. */
typedef struct {
    uint64_t word[LANES];
    uint64_t there[LANES];
} lanes;

static void gather(lanes *l, const uint8_t *data, int64_t size, int64_t n, const int64_t *offset, const uint16_t *position,
                   int64_t octet)
{
    for (int64_t row = 0; row < n; row++) {
        const int64_t rel = position != NULL ? position[row] : 0;
        const int64_t at = offset[row] + rel + octet;
        l->word[row] = at <= size - 8 ? load_be(data + at) : load_near_end(data, size, at);
        l->there[row] = rel != 0 || position == NULL ? ~UINT64_C(0) : 0;
    }
}

static inline void read_integers(const lanes *l, int64_t n, const rh_field *field, int32_t lead, uint8_t *to, int width)
{
    const int32_t unused = 64 - field->bits;
    const uint64_t sign = field->kind == INT ? UINT64_C(1) << (field->bits - 1) : 0;
    const uint64_t fill = (uint64_t)field->fill;
    for (int64_t row = 0; row < n; row++) {
        const uint64_t raw = raw_of(l->word[row], lead, unused, sign);
        const uint64_t value = (raw & l->there[row]) | (fill & ~l->there[row]);
        switch (width) {
        case 1:
            to[row] = (uint8_t)value;
            break;
        case 2:
            ((uint16_t *)(void *)to)[row] = (uint16_t)value;
            break;
        case 4:
            ((uint32_t *)(void *)to)[row] = (uint32_t)value;
            break;
        default:
            ((uint64_t *)(void *)to)[row] = value;
            break;
        }
    }
}

/* Raw values of up to 52 bits become doubles by way of the double's own bits: 2^52 + raw has raw in its low bits. */
static void read_quantities(const lanes *l, int64_t n, const rh_field *field, int32_t lead, double *to)
{
    const int32_t unused = 64 - field->bits;
    const uint64_t sign = field->kind == SIGNED_QUANTITY ? UINT64_C(1) << (field->bits - 1) : 0;
    const uint64_t exponent = UINT64_C(0x4330000000000000);
    const double zero = 4503599627370496.0 + (double)sign;
    const double nan = __builtin_nan("");
    uint64_t absent;
    memcpy(&absent, &nan, sizeof absent);
    for (int64_t row = 0; row < n; row++) {
        uint64_t bits = (l->word[row] << lead >> unused ^ sign) | exponent;
        double value;
        memcpy(&value, &bits, sizeof value);
        value = (value - zero) * field->scale;
        memcpy(&bits, &value, sizeof bits);
        bits = (bits & l->there[row]) | (absent & ~l->there[row]);
        memcpy(&to[row], &bits, sizeof bits);
    }
}

/* Eight characters of six bits each, as octets; codes that the standard leaves undefined keep a character of their own. */
static inline uint64_t six_bit_text(uint64_t codes)
{
    uint64_t text = (codes & UINT64_C(0xFFFFFF000000)) << 8 | (codes & UINT64_C(0xFFFFFF));
    text = (text & UINT64_C(0x00FFF00000FFF000)) << 4 | (text & UINT64_C(0x00000FFF00000FFF));
    text = (text & UINT64_C(0x0FC00FC00FC00FC0)) << 2 | (text & UINT64_C(0x003F003F003F003F));
    return text | (~text & UINT64_C(0x2020202020202020)) << 1;
}

/* A text of 8 characters, the first in the high octet, with NULs for the spaces and NULs at its end. */
static inline uint64_t without_trailing_spaces(uint64_t text)
{
    const uint64_t other = text & ~UINT64_C(0x2020202020202020); /* octets that are neither space nor NUL */
    const int32_t trailing = other ? __builtin_ctzll(other) / 8 * 8 : 0;
    return other ? text >> trailing << trailing : 0;
}

static inline void store_text(uint8_t *to, int32_t width, uint64_t text)
{
    const uint64_t octets = __builtin_bswap64(text);
    if (width == 8) {
        memcpy(to, &octets, 8);
    } else {
        for (int32_t i = 0; i < width; i++) {
            to[i] = (uint8_t)(octets >> (8 * i));
        }
    }
}

/* Short texts: of eight characters or less. */
static void read_short_texts(const lanes *l, int64_t n, const rh_field *field, int32_t lead, uint8_t *to)
{
    const int32_t unused = 64 - field->bits;
    for (int64_t row = 0; row < n; row++, to += field->width) {
        const uint64_t left = l->word[row] << lead >> unused;
        const uint64_t text = field->kind == SIX_BIT ? six_bit_text(left) : left << unused;
        store_text(to, field->width, without_trailing_spaces(text) & l->there[row]);
    }
}

/* Octets of a text without the spaces and NULs at its end. */
int32_t rh_text_length(const uint8_t *from, int32_t octets)
{
    while (octets > 0 && (from[octets - 1] == ' ' || from[octets - 1] == 0U)) {
        octets--;
    }
    return octets;
}

static void octet_text(const uint8_t *from, int32_t octets, uint8_t *to)
{
    const int32_t kept = rh_text_length(from, octets);
    memcpy(to, from, (size_t)kept);
    memset(to + kept, 0, (size_t)(octets - kept));
}

static void read_texts(const uint8_t *data, int64_t n, const int64_t *offset, const uint16_t *position, const rh_field *field,
                       uint8_t *to)
{
    for (int64_t row = 0; row < n; row++, to += field->width) {
        const int64_t rel = position != NULL ? position[row] : 0;
        const uint8_t *from = data + offset[row] + rel + field->bit / 8;
        if (position != NULL && rel == 0) {
            memset(to, 0, (size_t)field->width);
        } else if (field->kind == TEXT) {
            octet_text(from, field->width, to);
        } else {
            memcpy(to, from, (size_t)field->width);
        }
    }
}

static void read_from_words(const lanes *l, int64_t n, const rh_field *field, int32_t lead, uint8_t *to)
{
    if (field->kind == SIX_BIT || field->kind == TEXT) {
        read_short_texts(l, n, field, lead, to);
    } else if (field->kind == QUANTITY || field->kind == SIGNED_QUANTITY) {
        read_quantities(l, n, field, lead, (double *)(void *)to);
    } else if (field->width == 1) {
        read_integers(l, n, field, lead, to, 1);
    } else if (field->width == 2) {
        read_integers(l, n, field, lead, to, 2);
    } else if (field->width == 4) {
        read_integers(l, n, field, lead, to, 4);
    } else {
        read_integers(l, n, field, lead, to, 8);
    }
}

/* The eight characters of a text of six bits each, the first in the high octet, NULs for trailing spaces. */
uint64_t rh_six_bit_text(uint64_t codes)
{
    return without_trailing_spaces(six_bit_text(codes));
}

/* Whether a field is read out of 64-bit words, or octet by octet. */
static int in_words(const rh_field *field)
{
    return field->kind < TEXT || (field->kind == TEXT && field->bits <= 64);
}

/* How many fields from `fields` on share a window with the first: same slot, and all bits within 64 from its first octet. */
static int64_t in_window(const rh_field *fields, int64_t n_fields)
{
    const int32_t window = fields[0].bit / 8 * 8;
    int64_t n = 1;
    while (n < n_fields && fields[n].slot == fields[0].slot && fields[n].bit >= window &&
           fields[n].bit + fields[n].bits <= window + 64 && in_words(&fields[n])) {
        n++;
    }
    return n;
}

/* Read up to LANES rows of fields that share a window. */
static void read_window(const uint8_t *data, int64_t size, int64_t n, const int64_t *offset, const uint16_t *position,
                        const rh_field *fields, int64_t n_fields, int64_t first_row)
{
    if (!in_words(fields)) {
        read_texts(data, n, offset, position, fields, fields->column + first_row * fields->width);
        return;
    }
    lanes l;
    const int32_t window = fields->bit / 8;
    gather(&l, data, size, n, offset, position, window);
    for (int64_t i = 0; i < n_fields; i++) {
        uint8_t *to = fields[i].column + first_row * fields[i].width;
        read_from_words(&l, n, &fields[i], fields[i].bit - window * 8, to);
    }
}

/* Fill rows [first_row, first_row + n) of the columns of some fields, whose positions are [row / LANES][slot][row % LANES]
 * (NULL: the rows are repeated elements and the fields count from their start). A few hundred rows of one window come before
 * the next window: that writes long stretches of few columns, which memory likes better than the reverse. */
void rh_extract(const uint8_t *data, int64_t size, int64_t n, const int64_t *offset, const uint16_t *position,
                int64_t n_slots, const rh_field *fields, int64_t n_fields, int64_t first_row)
{
    for (int64_t begin = 0; begin < n; begin += STRETCH) {
        const int64_t end = n - begin < STRETCH ? n : begin + STRETCH;
        for (int64_t i = 0, together; i < n_fields; i += together) {
            together = in_words(&fields[i]) ? in_window(&fields[i], n_fields - i) : 1;
            for (int64_t row = begin; row < end; row += LANES) {
                const uint16_t *where = position != NULL ? position + row * n_slots + fields[i].slot * LANES : NULL;
                const int64_t rows = end - row < LANES ? end - row : LANES;
                read_window(data, size, rows, offset + row, where, &fields[i], together, first_row + row);
            }
        }
    }
}

/* How many elements of a repetitive item each row has (EXPLICIT: octets of contents). */
void rh_count(const uint8_t *data, int64_t n, const int64_t *offset, const uint16_t *position, const rh_node *node,
              int64_t *counts)
{
    for (int64_t row = 0; row < n; row++) {
        counts[row] = 0;
        if (position[row] == 0) {
            continue;
        }
        const uint8_t *at = data + offset[row] + position[row];
        if (node->kind == EXPLICIT) {
            counts[row] = at[0] - 1;
        } else if (node->kind == REPEAT) {
            for (int32_t octet = 0; octet < node->octets; octet++) {
                counts[row] = counts[row] << 8 | at[octet];
            }
        } else {
            int64_t count = 1;
            while (at[count * node->size - 1] & 1U) {
                count++;
            }
            counts[row] = count;
        }
    }
}

/* Octet in the data of each element, row after row. */
void rh_place(int64_t n, const int64_t *offset, const uint16_t *position, const int64_t *counts, int64_t lead, int64_t step,
              int64_t *places)
{
    for (int64_t row = 0; row < n; row++) {
        const int64_t at = offset[row] + position[row] + lead;
        for (int64_t k = 0; k < counts[row]; k++) {
            *places++ = at + k * step;
        }
    }
}
