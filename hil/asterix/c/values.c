/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Values of columns into records that are laid out already. As in columns.c 64 rows go together: the raw values of all fields in
 * a window are gathered into one word per row, which is then put into the record at once. Nothing is clipped or wrapped except
 * what a field's wrap_at says.
 */
#include "kernel.h"

typedef struct {
    uint64_t word[LANES];
    uint64_t raw[LANES];
    uint64_t there[LANES];
} lanes;

/* ---- one value ---- */

/* Or 64 bits, most significant first, into the octets at `to`. */
static inline void put_word(uint8_t *to, uint64_t word)
{
    uint64_t octets;
    memcpy(&octets, to, sizeof octets);
    octets |= __builtin_bswap64(word);
    memcpy(to, &octets, sizeof octets);
}

static const double SHIFT = 6755399441055744.0; /* 1.5 * 2^52: a sum with it is rounded to an integer, halves to even */
static const uint64_t SHIFT_BITS = UINT64_C(0x4338000000000000);

static int32_t write_quantity(uint8_t *to, const uint8_t *from, const rh_field *field)
{
    double value;
    memcpy(&value, from, sizeof value);
    double rounded = value / field->scale + SHIFT - SHIFT;
    rounded = rounded == (double)field->wrap_at ? (double)field->wrap_to : rounded;
    if (rounded != rounded) {
        return NO_VALUE;
    }
    if (rounded < (double)field->low || rounded > (double)field->high) {
        return OUT_OF_RANGE;
    }
    put_word(to + field->bit / 8, (uint64_t)(int64_t)rounded << (64 - field->bits) >> (field->bit % 8));
    return FITS;
}

static int32_t write_integer(uint8_t *to, const uint8_t *from, const rh_field *field)
{
    int64_t raw;
    memcpy(&raw, from, sizeof raw);
    if (field->bits < 64 && (raw < field->low || raw > field->high)) {
        return OUT_OF_RANGE;
    }
    put_word(to + field->bit / 8, (uint64_t)raw << (64 - field->bits) >> (field->bit % 8));
    return FITS;
}

static int32_t write_six_bit(uint8_t *to, const uint8_t *text, const rh_field *field)
{
    const int32_t chars = field->bits / 6;
    uint64_t word = 0;
    for (int32_t i = 0; i < chars; i++) {
        const uint8_t c = i < field->width && text[i] ? text[i] : (uint8_t)' ';
        if (c < 32U || c > 95U) {
            return BAD_CHARACTER;
        }
        word = word << 6 | (c & 63U);
    }
    for (int32_t i = chars; i < field->width; i++) {
        if (text[i]) {
            return TEXT_TOO_LONG;
        }
    }
    put_word(to + field->bit / 8, word << (64 - field->bits) >> (field->bit % 8));
    return FITS;
}

static int32_t write_octets(uint8_t *to, const uint8_t *text, const rh_field *field)
{
    const int32_t octets = field->bits / 8;
    for (int32_t i = 0; i < octets; i++) {
        const uint8_t c = i < field->width ? text[i] : 0U;
        if (field->kind == TEXT && c > 127U) {
            return BAD_CHARACTER;
        }
        to[i] = field->kind == TEXT && c == 0U ? (uint8_t)' ' : c;
    }
    for (int32_t i = octets; i < field->width; i++) {
        if (text[i]) {
            return TEXT_TOO_LONG;
        }
    }
    return FITS;
}

/* Write one value: a double for a quantity, an int64 for an integer, `width` octets for a text. Touches up to 8 octets behind
 * the field without changing them. Returns FITS or a refusal. */
int32_t rh_write_value(uint8_t *to, const uint8_t *from, const rh_field *field)
{
    switch (field->kind) {
    case UINT:
    case INT:
        return write_integer(to, from, field);
    case QUANTITY:
    case SIGNED_QUANTITY:
        return write_quantity(to, from, field);
    case SIX_BIT:
        return write_six_bit(to, from, field);
    default:
        return write_octets(to + field->bit / 8, from, field);
    }
}

/* ---- many rows ---- */

static inline uint64_t all_ones_if(int condition)
{
    return condition ? ~UINT64_C(0) : 0;
}

/* Raw values of a column's rows, 0 where absent. Returns whether all that are there may be written. */
static int raw_quantities(lanes *restrict l, int64_t n, const rh_field *field, const double *restrict from)
{
    const double low = (double)field->low;
    const double high = (double)field->high;
    const double wrap_at = (double)field->wrap_at;
    const uint64_t wrap_to = (uint64_t)field->wrap_to;
    const double scale = field->scale;
    uint64_t bad = 0;
    for (int64_t row = 0; row < n; row++) {
        const double pushed = from[row] / scale + SHIFT;
        const double rounded = pushed - SHIFT;
        uint64_t raw;
        memcpy(&raw, &pushed, sizeof raw);
        const uint64_t wraps = all_ones_if(rounded == wrap_at);
        const uint64_t inside = all_ones_if(rounded >= low) & all_ones_if(rounded <= high); /* 0 for NaN */
        raw = ((raw - SHIFT_BITS) & ~wraps) | (wrap_to & wraps);
        l->raw[row] = raw & l->there[row];
        bad |= ~(inside | wraps) & l->there[row];
    }
    return bad == 0;
}

/* The same for integers. The differences are negative outside the limits, also where they overflow: limits are narrow. */
static int raw_integers(lanes *restrict l, int64_t n, const rh_field *field, const uint64_t *restrict from)
{
    const uint64_t low = (uint64_t)field->low;
    const uint64_t high = (uint64_t)field->high;
    uint64_t bad = 0;
    for (int64_t row = 0; row < n; row++) {
        l->raw[row] = from[row] & l->there[row];
        bad |= ((from[row] - low) | (high - from[row])) & l->there[row];
    }
    return field->bits == 64 || bad >> 63 == 0;
}

/* Value after value, for texts, and to find the one at fault. */
static int32_t write_rows(rh_encode_job *job, int64_t first_row, int64_t n, int64_t index)
{
    const rh_field *field = &job->fields[index];
    const uint16_t *position = job->position + field->slot * LANES;
    for (int64_t row = 0; row < n; row++) {
        if (position[row] == 0) {
            continue;
        }
        uint8_t *to = job->out + job->row_offset[first_row + row] + position[row];
        const int32_t refusal = rh_write_value(to, field->column + (first_row + row) * field->width, field);
        if (refusal != FITS) {
            job->bad_row = first_row + row;
            job->bad_element = first_row + row;
            job->bad_field = index;
            return refusal;
        }
    }
    return FITS;
}

/* Put the words into the records; what is absent goes nowhere, without a branch. */
static void flush(const lanes *l, const rh_encode_job *job, int64_t first_row, int64_t n, int32_t slot, int32_t window)
{
    const uint16_t *position = job->position + slot * LANES;
    uint8_t nowhere[8] = {0};
    for (int64_t row = 0; row < n; row++) {
        uint8_t *to = job->out + job->row_offset[first_row + row] + position[row] + window;
        put_word(l->there[row] ? to : nowhere, l->word[row]);
    }
}

static void open_window(lanes *l, const rh_encode_job *job, int64_t n, int32_t slot)
{
    const uint16_t *position = job->position + slot * LANES;
    for (int64_t row = 0; row < n; row++) {
        l->word[row] = 0;
        l->there[row] = position[row] ? ~UINT64_C(0) : 0;
    }
}

static void add_to_words(lanes *l, int64_t n, int32_t unused, int32_t lead)
{
    for (int64_t row = 0; row < n; row++) {
        l->word[row] |= l->raw[row] << unused >> lead;
    }
}

/* Fields of the elements of repetitive items, value after value. */
static int32_t write_repeated(rh_encode_job *job, int64_t first_row, int64_t n, int64_t index)
{
    const rh_field *field = &job->repeated[index];
    const int64_t *offsets = job->presence[field->slot].offsets;
    const uint16_t *position = job->position + field->slot * LANES;
    for (int64_t row = 0; row < n; row++) {
        if (position[row] == 0) {
            continue;
        }
        uint8_t *to = job->out + job->row_offset[first_row + row] + position[row] + field->lead;
        for (int64_t k = offsets[first_row + row]; k < offsets[first_row + row + 1]; k++, to += field->step) {
            const int32_t refusal = rh_write_value(to, field->column + k * field->width, field);
            if (refusal != FITS) {
                job->bad_row = first_row + row;
                job->bad_element = k;
                job->bad_field = job->n_fields + index;
                return refusal;
            }
        }
    }
    return FITS;
}

/* Ask for the columns' next rows now: too many columns go side by side for the processor to see them coming. */
static void prefetch(const rh_encode_job *job, int64_t next_row)
{
    for (int64_t i = 0; i < job->n_fields && next_row + LANES <= job->n_rows; i++) {
        const uint8_t *from = job->fields[i].column + next_row * job->fields[i].width;
        for (int64_t octet = 0; octet < LANES * job->fields[i].width; octet += 64) {
            __builtin_prefetch(from + octet);
        }
    }
}

/* Write all values of rows [first_row, first_row + n), n <= LANES, whose slots are at job->position. */
int32_t rh_write_lanes(rh_encode_job *job, int64_t first_row, int64_t n)
{
    lanes l;
    int32_t refusal = FITS;
    int32_t slot = -1;
    int32_t window = 0;
    prefetch(job, first_row + LANES);
    for (int64_t i = 0; i < job->n_fields && refusal == FITS; i++) {
        const rh_field *field = &job->fields[i];
        if (field->kind >= SIX_BIT) {
            refusal = write_rows(job, first_row, n, i);
            continue;
        }
        if (field->slot != slot || field->bit < window * 8 || field->bit + field->bits > window * 8 + 64) {
            if (slot >= 0) {
                flush(&l, job, first_row, n, slot, window);
            }
            slot = field->slot;
            window = field->bit / 8;
            open_window(&l, job, n, slot);
        }
        const void *from = field->column + first_row * 8;
        const int is_quantity = field->kind == QUANTITY || field->kind == SIGNED_QUANTITY;
        const int good = is_quantity ? raw_quantities(&l, n, field, from) : raw_integers(&l, n, field, from);
        if (!good) {
            return write_rows(job, first_row, n, i);
        }
        add_to_words(&l, n, 64 - field->bits, field->bit - window * 8);
    }
    if (slot >= 0 && refusal == FITS) {
        flush(&l, job, first_row, n, slot, window);
    }
    for (int64_t i = 0; i < job->n_repeated && refusal == FITS; i++) {
        refusal = write_repeated(job, first_row, n, i);
    }
    return refusal;
}
