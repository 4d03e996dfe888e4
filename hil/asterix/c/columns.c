/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Bits of records to columns. Rows come in any mix of layouts, each says where the field's slot is. 64 rows are read together:
 * first the 64-bit word that holds a field (and its neighbours in the slot) of each row, then all fields out of these words, in
 * loops without branches that compilers vectorise.
 */
#include "kernel.h"

/* The words of one window, LANES rows of them, and for each row all ones where its slot is there. */
typedef struct {
    uint64_t word[LANES];
    uint64_t there[LANES];
} lanes;

/* The 64 bits at `from`, zero behind the end of the data. */
static uint64_t load_near_end(const uint8_t *data, int64_t size, int64_t from)
{
    uint64_t word = 0;
    for (int64_t i = 0; i < 8; i++) {
        word = word << 8 | (from + i < size ? data[from + i] : 0U);
    }
    return word;
}

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

/* Raw value of a field in a window: unsigned, or in two's complement. */
static inline uint64_t raw_of(uint64_t word, int32_t lead, int32_t unused, uint64_t sign)
{
    const uint64_t raw = word << lead >> unused;
    return (raw ^ sign) - sign;
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

/* Six bits a character, trailing spaces as NULs. Codes that the standard leaves undefined keep a character of their own. */
static void six_bit_text(uint64_t word, int32_t chars, uint8_t *to)
{
    int32_t kept = 0;
    for (int32_t i = 0; i < chars; i++) {
        const uint8_t code = (uint8_t)(word >> (6 * (chars - 1 - i)) & 63U);
        to[i] = (uint8_t)(code < 32U ? code + 64U : code);
        kept = to[i] == ' ' ? kept : i + 1;
    }
    memset(to + kept, 0, (size_t)(chars - kept));
}

static void octet_text(const uint8_t *from, int32_t octets, uint8_t *to)
{
    int32_t kept = octets;
    while (kept > 0 && (from[kept - 1] == ' ' || from[kept - 1] == 0U)) {
        kept--;
    }
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
    if (field->kind == SIX_BIT) {
        for (int64_t row = 0; row < n; row++) {
            if (l->there[row]) {
                six_bit_text(raw_of(l->word[row], lead, 64 - field->bits, 0), field->bits / 6, to + row * field->width);
            } else {
                memset(to + row * field->width, 0, (size_t)field->width);
            }
        }
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

/* Read one value, of a slot or element that starts at octet `at`, into field->column. */
void rh_read_value(const uint8_t *data, int64_t size, int64_t at, const rh_field *field)
{
    const int64_t from = at + field->bit / 8;
    if (field->kind == TEXT) {
        octet_text(data + from, field->width, field->column);
        return;
    }
    if (field->kind == OCTETS) {
        memcpy(field->column, data + from, (size_t)field->width);
        return;
    }
    const int is_signed = field->kind == INT || field->kind == SIGNED_QUANTITY;
    const uint64_t sign = is_signed ? UINT64_C(1) << (field->bits - 1) : 0;
    const uint64_t word = from <= size - 8 ? load_be(data + from) : load_near_end(data, size, from);
    const uint64_t raw = raw_of(word, field->bit % 8, 64 - field->bits, sign);
    if (field->kind == SIX_BIT) {
        six_bit_text(raw, field->bits / 6, field->column);
    } else if (field->kind == UINT || field->kind == INT) {
        memcpy(field->column, &raw, sizeof raw);
    } else {
        const double value = (double)(int64_t)raw * field->scale;
        memcpy(field->column, &value, sizeof value);
    }
}

/* Read up to LANES rows into rows [first_row, first_row + n) of the fields' columns. Slots are at position[slot * LANES + row]
 * (NULL: the rows are repeated elements and the fields count from their start). */
static void read_lanes(const uint8_t *data, int64_t size, int64_t n, const int64_t *offset, const uint16_t *position,
                       const rh_field *fields, int64_t n_fields, int64_t first_row)
{
    lanes l;
    int32_t slot = -1;
    int32_t window = 0; /* first octet of the words in l, from the slot */
    for (int64_t i = 0; i < n_fields; i++) {
        const rh_field *field = &fields[i];
        const uint16_t *where = position != NULL ? position + field->slot * LANES : NULL;
        uint8_t *to = field->column + first_row * field->width;
        if (field->kind == TEXT || field->kind == OCTETS) {
            read_texts(data, n, offset, where, field, to);
            continue;
        }
        if (field->slot != slot || field->bit < window * 8 || field->bit + field->bits > window * 8 + 64) {
            slot = field->slot;
            window = field->bit / 8;
            gather(&l, data, size, n, offset, where, window);
        }
        read_from_words(&l, n, field, field->bit - window * 8, to);
    }
}

/* Fill rows [first_row, first_row + n) of the columns of some fields, whose positions are [row / LANES][slot][row % LANES]. */
void rh_extract(const uint8_t *data, int64_t size, int64_t n, const int64_t *offset, const uint16_t *position,
                int64_t n_slots, const rh_field *fields, int64_t n_fields, int64_t first_row)
{
    for (int64_t row = 0; row < n; row += LANES) {
        const uint16_t *where = position != NULL ? position + row * n_slots : NULL;
        read_lanes(data, size, n - row < LANES ? n - row : LANES, offset + row, where, fields, n_fields, first_row + row);
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
