/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * One datagram at a time: the values of a record as a tape, 8 octets a number, text and octets NUL-padded.
 */
#include "kernel.h"

typedef struct {
    const uint8_t *data;
    int64_t size;
    uint8_t *tape;
    int64_t at;
    int64_t capacity;
} taper;

static uint8_t *tape_room(taper *t, int64_t octets)
{
    if (octets > t->capacity - t->at) {
        return NULL;
    }
    uint8_t *to = t->tape + t->at;
    t->at += octets;
    return to;
}

/* Octets are followed by 1 to 8 NULs, up to a multiple of 8: a text that is too long shows. */
static uint8_t *tape_text_room(taper *t, int64_t octets)
{
    const int64_t padded = (octets / 8 + 1) * 8;
    uint8_t *to = tape_room(t, padded);
    if (to != NULL) {
        memset(to, 0, (size_t)padded);
    }
    return to;
}

static int tape_octets(taper *t, int64_t from, int64_t octets)
{
    uint8_t *to = tape_text_room(t, octets);
    if (to != NULL && octets > 0) {
        memcpy(to, t->data + from, (size_t)octets);
    }
    return to != NULL;
}

static int tape_fields(taper *t, int64_t at, const rh_field *fields, int32_t n)
{
    for (int32_t i = 0; i < n; i++) {
        rh_field field = fields[i];
        field.column = field.kind < SIX_BIT ? tape_room(t, 8) : tape_text_room(t, field.width);
        if (field.column == NULL) {
            return 0;
        }
        rh_read_value(t->data, t->size, at, &field);
    }
    return 1;
}

static int tape_slot(taper *t, const rh_tape_job *job, int64_t start, const uint16_t *position, int32_t slot)
{
    const rh_tape_slot *info = &job->slots[slot];
    const rh_node *node = info->node < 0 ? NULL : &job->walk->nodes[info->node];
    const int64_t at = start + position[slot];
    const rh_field *own = job->fields + info->first_field;
    if (info->is_random) {
        return tape_octets(t, at, start + position[slot + 1] - at);
    }
    if (node != NULL && node->kind == EXPLICIT && node->extra < 0) {
        return tape_octets(t, at + 1, t->data[at] - 1);
    }
    if (node == NULL || (node->kind != REPEAT && node->kind != REPEAT_FX)) {
        return tape_fields(t, at, own, info->n_fields);
    }
    int64_t count = 0;
    rh_count(t->data, 1, &start, position + slot, node, &count);
    int fits = 1;
    for (int64_t k = 0; k < count && fits; k++) {
        fits = tape_fields(t, at + node->octets + k * node->size, own, info->n_fields);
    }
    return fits;
}

/* What makes a layout: the positions of its slots, its length and its profile. */
static void write_key(const rh_tape_job *job, int64_t row)
{
    const int64_t width = job->walk->n_slots;
    uint16_t *key = job->keys + row * (width + 2);
    memcpy(key, job->walk->position + row * width, (size_t)width * sizeof *key);
    key[width] = (uint16_t)job->walk->row_length[row];
    key[width + 1] = job->walk->row_profile[row];
}

/* Walk (positions row after row: lanes = 1) and tape the values of all present slots of each row, in the order of the slots.
 * Returns what rh_walk returns, or -1 when the tape is too short. */
int32_t rh_tape(rh_tape_job *job)
{
    rh_walk_job *walk = job->walk;
    walk->n_rows = 0;
    walk->n_faults = 0;
    const int32_t done = rh_walk(walk);
    taper t = {walk->data, job->size, job->tape, 0, job->capacity};
    for (int64_t row = 0; row < walk->n_rows; row++) {
        const uint16_t *position = walk->position + row * walk->n_slots;
        job->tape_offset[row] = t.at;
        for (int32_t slot = 0; slot < walk->n_slots; slot++) {
            if (position[slot] && !tape_slot(&t, job, walk->row_offset[row], position, slot)) {
                return -1;
            }
        }
        write_key(job, row);
    }
    return done;
}

/* Write records, each by its layout, from a tape of their values. Returns FITS or a refusal. */
int32_t rh_pack(const rh_form *const *forms, int64_t n, const uint8_t *tape, uint8_t *out, int64_t size,
                int64_t *bad_row, int64_t *bad_field)
{
    for (int64_t row = 0; row < n; row++) {
        const rh_form *form = forms[row];
        *bad_row = row;
        if (form->length > size - 8) {
            return NO_ROOM;
        }
        memcpy(out, form->octets, (size_t)form->length);
        for (int64_t i = 0; i < form->n_fields; i++) {
            const rh_field *field = &form->fields[i];
            const int32_t refusal = rh_write_value(out, tape + (intptr_t)field->column, field);
            if (refusal != FITS) {
                *bad_field = i;
                return refusal;
            }
        }
        out += form->length;
        size -= form->length;
        tape += form->tape_length;
    }
    return FITS;
}
