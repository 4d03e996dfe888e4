/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The structure of records from presence masks: field specifications, extents, counts, blocks. Values come with columns.c.
 */
#include "kernel.h"

typedef struct {
    rh_layout_job *job;
    int64_t row;        /* in the presence tables */
    uint16_t *position; /* of this row */
    int64_t start;
    int64_t at;
} layouter;

static int32_t lay_node(layouter *l, const rh_node *node);

static int present(const layouter *l, int32_t slot)
{
    const rh_presence *p = &l->job->presence[slot];
    return p->mask != NULL && p->mask[l->row * p->mask_stride] != 0;
}

static int32_t refuse(layouter *l, const rh_node *node, int32_t refusal)
{
    l->job->bad_row = l->row;
    l->job->bad_node = node - l->job->nodes;
    return refusal;
}

static void note(const layouter *l, int32_t slot)
{
    l->position[slot * l->job->slot_stride] = (uint16_t)(l->at - l->start);
}

static int32_t reserve(layouter *l, const rh_node *node, int64_t octets)
{
    if (octets > l->job->size - l->at) {
        return refuse(l, node, NO_ROOM);
    }
    if (l->at + octets - l->start > 65532) {
        return refuse(l, node, RECORD_TOO_LONG);
    }
    l->at += octets;
    return FITS;
}

static int32_t lay_fields(layouter *l, const rh_node *node)
{
    const int32_t per_octet = node->kind == COMPOUND_FIXED ? 8 : 7;
    const int64_t fspec = l->at;
    int32_t last = -1;
    for (int32_t i = node->count - 1; i >= 0 && last < 0; i--) {
        const rh_node *child = &l->job->nodes[node->first + i];
        last = child->kind != UNDEFINED && present(l, child->slot) ? i : -1;
    }
    const int32_t octets = node->kind == COMPOUND_FIXED ? node->size : last < 0 ? 1 : last / 7 + 1;
    int32_t refusal = reserve(l, node, octets);
    for (int32_t i = 0; i <= last && refusal == FITS; i++) {
        const rh_node *child = &l->job->nodes[node->first + i];
        if (child->kind != UNDEFINED && present(l, child->slot)) {
            uint8_t *flags = &l->job->out[fspec + i / per_octet];
            *flags = (uint8_t)(*flags | 0x80U >> i % per_octet);
            refusal = lay_node(l, child);
        }
    }
    if (refusal == FITS && node->kind != COMPOUND_FIXED) {
        for (int64_t octet = fspec; octet < fspec + octets - 1; octet++) {
            l->job->out[octet] |= 1U;
        }
    }
    return refusal;
}

static int32_t lay_extended(layouter *l, const rh_node *node)
{
    for (int32_t part = 0; part < node->count; part++) {
        const rh_node *piece = &l->job->nodes[node->first + part];
        if (part > 0) {
            if (!present(l, piece->slot)) {
                return FITS;
            }
            l->job->out[l->at - 1] |= 1U;
        }
        note(l, piece->slot);
        const int32_t refusal = reserve(l, node, piece->size);
        if (refusal != FITS) {
            return refusal;
        }
    }
    return FITS;
}

static int32_t lay_repeat(layouter *l, const rh_node *node)
{
    const int64_t *offsets = l->job->presence[node->slot].offsets;
    const int64_t count = offsets[l->row + 1] - offsets[l->row];
    if (node->kind == REPEAT_FX && count < 1) {
        return refuse(l, node, NONE_TO_REPEAT);
    }
    if (count < 0 || count > 65532 || (node->kind == REPEAT && count >> (8 * node->octets))) {
        return refuse(l, node, TOO_MANY);
    }
    const int64_t from = l->at;
    const int32_t refusal = reserve(l, node, node->octets + count * node->size);
    if (refusal != FITS) {
        return refusal;
    }
    for (int32_t octet = 0; octet < node->octets; octet++) {
        l->job->out[from + octet] = (uint8_t)(count >> (8 * (node->octets - 1 - octet)));
    }
    for (int64_t k = 1; node->kind == REPEAT_FX && k < count; k++) {
        l->job->out[from + k * node->size - 1] |= 1U;
    }
    return FITS;
}

static int32_t lay_explicit(layouter *l, const rh_node *node)
{
    const rh_presence *p = &l->job->presence[node->slot];
    const int64_t from = l->at;
    int32_t refusal = reserve(l, node, node->kind == EXPLICIT ? 1 : 0);
    if (refusal == FITS && p->payload != NULL) {
        const int64_t octets = p->offsets[l->row + 1] - p->offsets[l->row];
        if (octets < 0 || (node->kind == EXPLICIT && octets > 254)) {
            return refuse(l, node, TOO_MANY);
        }
        refusal = reserve(l, node, octets);
        if (refusal == FITS) {
            memcpy(l->job->out + l->at - octets, p->payload + p->offsets[l->row], (size_t)octets);
        }
    } else if (refusal == FITS && node->extra >= 0) {
        refusal = lay_fields(l, &l->job->nodes[node->extra]);
    }
    if (refusal == FITS && node->kind == EXPLICIT) {
        if (l->at - from > 255) {
            return refuse(l, node, TOO_MANY);
        }
        l->job->out[from] = (uint8_t)(l->at - from);
    }
    return refusal;
}

static int32_t lay_node(layouter *l, const rh_node *node)
{
    note(l, node->slot);
    switch (node->kind) {
    case FIXED:
        return reserve(l, node, node->size);
    case EXTENDED:
        return lay_extended(l, node);
    case REPEAT:
    case REPEAT_FX:
        return lay_repeat(l, node);
    case EXPLICIT:
    case RANDOM:
        return lay_explicit(l, node);
    default:
        return lay_fields(l, node);
    }
}

static void close_block(rh_layout_job *job)
{
    if (job->block >= 0) {
        const int64_t length = job->at - job->block;
        job->out[job->block] = (uint8_t)job->category;
        job->out[job->block + 1] = (uint8_t)(length >> 8);
        job->out[job->block + 2] = (uint8_t)length;
        job->block = -1;
    }
}

/* Lay out the structure of each row (field specifications, extents, counts, explicit contents) and pack the records into
 * data blocks of at most `mtu` octets; a record longer than that gets a block of its own. Values come with rh_insert. */
int32_t rh_layout(rh_layout_job *job)
{
    for (int64_t i = 0; i < job->n_rows; i++) {
        layouter l = {.job = job, .row = job->first_row + i, .position = job->position + i};
        if (job->size - job->at < 6) {
            return refuse(&l, &job->nodes[job->root], NO_ROOM);
        }
        if (job->block < 0) {
            job->block = job->at;
            job->block_offset[job->n_blocks++] = job->block;
            job->at += 3;
        }
        l.start = job->at;
        l.at = job->at;
        const int32_t refusal = lay_fields(&l, &job->nodes[job->root]);
        if (refusal != FITS) {
            return refusal;
        }
        const int64_t length = l.at - l.start;
        if (l.at - job->block > job->mtu && l.start > job->block + 3) {
            if (job->size - l.at < 3) {
                return refuse(&l, &job->nodes[job->root], NO_ROOM);
            }
            memmove(job->out + l.start + 3, job->out + l.start, (size_t)length);
            close_block(job);
            job->block = l.start;
            job->block_offset[job->n_blocks++] = job->block;
            l.start += 3;
        }
        job->row_offset[i] = l.start;
        job->at = l.start + length;
    }
    return FITS;
}

/* Close the last block; returns the octets written. */
int64_t rh_finish(rh_layout_job *job)
{
    close_block(job);
    return job->at;
}
