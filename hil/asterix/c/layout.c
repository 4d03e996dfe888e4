/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The structure of records from presence masks: field specifications, extents, counts, blocks. Values come with values.c.
 */
#include "kernel.h"

typedef struct {
    rh_encode_job *job;
    int64_t row;
    int64_t lane;
    int64_t start;
    int64_t at;
} layouter;

static int32_t lay_node(layouter *l, const rh_node *node);

static inline int present(const layouter *l, int32_t slot)
{
    const rh_presence *p = &l->job->presence[slot];
    return p->mask != NULL && p->mask[l->row * p->mask_stride] != 0;
}

static int32_t refuse(layouter *l, const rh_node *node, int32_t refusal)
{
    l->job->bad_row = l->row;
    l->job->bad_element = l->row;
    l->job->bad_node = node - l->job->nodes;
    return refusal;
}

static void note(const layouter *l, int32_t slot)
{
    l->job->position[slot * LANES + l->lane] = (uint16_t)(l->at - l->start);
}

static int32_t reserve(layouter *l, const rh_node *node, int64_t octets)
{
    if (octets > l->job->size - 8 - l->at) {
        return refuse(l, node, NO_ROOM);
    }
    if (l->at + octets - l->start > RECORD_MAX) {
        return refuse(l, node, RECORD_TOO_LONG);
    }
    l->at += octets;
    return FITS;
}

static int32_t lay_fields(layouter *l, const rh_node *node)
{
    const int fixed = node->kind == COMPOUND_FIXED;
    const int32_t per_octet = fixed ? 8 : 7;
    uint8_t *fspec = l->job->out + l->at;
    uint64_t children = l->job->children[node->ordinal * LANES + l->lane];
    const int32_t last = children ? 63 - __builtin_clzll(children) : 0;
    const int32_t octets = fixed ? node->size : last / 7 + 1;
    int32_t refusal = reserve(l, node, octets);
    if (refusal != FITS) {
        return refusal;
    }
    for (int32_t octet = 0; octet < octets - 1 && !fixed; octet++) {
        fspec[octet] = 1U;
    }
    while (children && refusal == FITS) {
        const int32_t i = __builtin_ctzll(children);
        children &= children - 1;
        fspec[i / per_octet] = (uint8_t)(fspec[i / per_octet] | 0x80U >> i % per_octet);
        refusal = lay_node(l, &l->job->nodes[node->first + i]);
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
    if (count < 0 || count > RECORD_MAX || (node->kind == REPEAT && count >> (8 * node->octets))) {
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

static void close_block(rh_encode_job *job)
{
    if (job->block >= 0) {
        const int64_t length = job->at - job->block;
        job->out[job->block] = (uint8_t)job->category;
        job->out[job->block + 1] = (uint8_t)(length >> 8);
        job->out[job->block + 2] = (uint8_t)length;
        job->block = -1;
    }
}

/* Which children of each compound the rows have, as bits: child 0 is the lowest. Tables have at most 63. */
static void find_children(const rh_encode_job *job, int64_t first_row, int64_t n)
{
    for (int64_t index = 0; index < job->n_nodes; index++) {
        const rh_node *node = &job->nodes[index];
        if (node->ordinal < 0) {
            continue;
        }
        uint64_t *children = job->children + node->ordinal * LANES;
        memset(children, 0, LANES * sizeof *children);
        for (int32_t i = 0; i < node->count; i++) {
            const rh_node *child = &job->nodes[node->first + i];
            const rh_presence *p = &job->presence[child->kind == UNDEFINED ? 0 : child->slot];
            if (child->kind == UNDEFINED || p->mask == NULL) {
                continue;
            }
            const uint8_t *mask = p->mask + first_row * p->mask_stride;
            for (int64_t row = 0; row < n; row++) {
                children[row] |= (uint64_t)(mask[row * p->mask_stride] != 0) << i;
            }
        }
    }
}

/* Lay out one record and put it into the open block, or into a new one where it would pass the MTU. */
static int32_t lay_record(rh_encode_job *job, int64_t row, int64_t lane)
{
    const rh_node *root = &job->nodes[job->root];
    layouter l = {.job = job, .row = row, .lane = lane};
    if (job->size - 8 - job->at < 6) {
        return refuse(&l, root, NO_ROOM);
    }
    if (job->block < 0) {
        job->block = job->at;
        job->block_offset[job->n_blocks++] = job->block;
        job->at += 3;
    }
    l.start = job->at;
    l.at = job->at;
    const int32_t refusal = lay_fields(&l, root);
    if (refusal != FITS) {
        return refusal;
    }
    const int64_t length = l.at - l.start;
    if (l.at - job->block > job->mtu && l.start > job->block + 3) {
        if (job->size - 8 - l.at < 3) {
            return refuse(&l, root, NO_ROOM);
        }
        memmove(job->out + l.start + 3, job->out + l.start, (size_t)length);
        close_block(job);
        job->block = l.start;
        job->block_offset[job->n_blocks++] = job->block;
        l.start += 3;
    }
    job->row_offset[row] = l.start;
    job->at = l.start + length;
    return FITS;
}

/* Write all rows as data blocks of at most `mtu` octets; a record longer than that gets a block of its own. Returns FITS with
 * job->at octets written, or a refusal. */
int32_t rh_encode(rh_encode_job *job)
{
    int32_t refusal = FITS;
    job->bad_node = -1;
    for (int64_t first = 0; first < job->n_rows && refusal == FITS; first += LANES) {
        const int64_t n = job->n_rows - first < LANES ? job->n_rows - first : LANES;
        memset(job->position, 0, (size_t)(job->n_slots * LANES) * sizeof *job->position);
        find_children(job, first, n);
        for (int64_t lane = 0; lane < n && refusal == FITS; lane++) {
            refusal = lay_record(job, first + lane, lane);
        }
        if (refusal == FITS) {
            refusal = rh_write_lanes(job, first, n);
        }
    }
    close_block(job);
    return refusal;
}
