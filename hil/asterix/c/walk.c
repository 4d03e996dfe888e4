/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Records in data blocks, and where each slot of a record is. Every octet is checked against the end of its block before it is
 * read; depth of recursion is that of the tables (record, compound or expansion, compound), not of the data.
 */
#include "kernel.h"

typedef struct {
    const uint8_t *data;
    const rh_node *nodes;
    const rh_node *record;          /* whose fields the entries of RANDOM refer to */
    uint16_t *position;             /* of this row; NULL inside RANDOM, whose entries leave no positions */
    int64_t lanes;                  /* from one slot of the row to the next */
    uint16_t *slot_used;
    int64_t start;
    int64_t end;
    int64_t at;                     /* next octet */
    const rh_node *fault_node;
    int64_t fault_at;
    const rh_node *expansion_node;  /* a bad expansion does not spoil the record: kept apart */
    int64_t expansion_at;
    int32_t expansion_fault;
} walker;

static int32_t walk_node(walker *w, const rh_node *node);

static int32_t fault(walker *w, const rh_node *node, int64_t at, int32_t cause)
{
    w->fault_node = node;
    w->fault_at = at;
    return cause;
}

static inline void mark(const walker *w, int32_t slot, int64_t at)
{
    if (w->position != NULL) {
        w->position[slot * w->lanes] = (uint16_t)(at - w->start);
        w->slot_used[slot] = 1;
    }
}

static void clear(const walker *w, int32_t first, int32_t end)
{
    for (int32_t slot = first; slot < end && w->position != NULL; slot++) {
        w->position[slot * w->lanes] = 0;
    }
}

/* Octets of a field specification at w->at, 0 with a fault noted when there is none. */
static int64_t fspec_octets(walker *w, const rh_node *node, int32_t *cause)
{
    int64_t octets = 0;
    if (node->kind == COMPOUND_FIXED) {
        octets = node->size;
        *cause = octets > w->end - w->at ? fault(w, node, w->at, TRUNCATED) : OK;
        return octets;
    }
    do {
        if (w->at + octets >= w->end) {
            *cause = fault(w, node, w->at + octets, TRUNCATED);
            return 0;
        }
        if (octets >= node->size) {
            *cause = fault(w, node, w->at + octets, FSPEC_TOO_LONG);
            return 0;
        }
        octets++;
    } while (w->data[w->at + octets - 1] & 1U);
    *cause = OK;
    return octets;
}

/* Field specification, then the fields whose bit is set. */
static int32_t walk_fields(walker *w, const rh_node *node)
{
    int32_t cause = OK;
    const int64_t fspec = w->at;
    const int64_t octets = fspec_octets(w, node, &cause);
    const int fixed = node->kind == COMPOUND_FIXED;
    w->at = fspec + octets;
    for (int64_t octet = 0; octet < octets && cause == OK; octet++) {
        uint32_t flags = w->data[fspec + octet] & (fixed ? 0xFFU : 0xFEU);
        while (flags && cause == OK) {
            const int32_t bit = __builtin_clz(flags) - 24;
            flags &= ~(0x80U >> bit);
            const int64_t index = octet * (fixed ? 8 : 7) + bit;
            if (index >= node->count) {
                return fault(w, node, fspec + octet, FSPEC_UNDEFINED);
            }
            const rh_node *field = &w->nodes[node->first + index];
            if (field->kind == FIXED && field->size <= w->end - w->at) {
                mark(w, field->slot, w->at);
                w->at += field->size;
            } else if (field->kind == UNDEFINED) {
                return fault(w, node, fspec + octet, FSPEC_UNDEFINED);
            } else {
                cause = walk_node(w, field);
            }
        }
    }
    return cause;
}

static int32_t walk_extended(walker *w, const rh_node *node)
{
    for (int32_t part = 0; part < node->count; part++) {
        const rh_node *piece = &w->nodes[node->first + part];
        if (piece->size > w->end - w->at) {
            return fault(w, node, w->at, TRUNCATED);
        }
        mark(w, piece->slot, w->at);
        w->at += piece->size;
        const int has_fx = part < node->count - 1 || node->extra;
        if (!has_fx || !(w->data[w->at - 1] & 1U)) {
            return OK;
        }
    }
    return fault(w, node, w->at - 1, LAST_FX_SET);
}

static int32_t walk_repeat(walker *w, const rh_node *node)
{
    int64_t count = 0;
    if (node->octets > w->end - w->at) {
        return fault(w, node, w->at, TRUNCATED);
    }
    for (int32_t octet = 0; octet < node->octets; octet++) {
        count = count << 8 | w->data[w->at++];
    }
    if (count * node->size > w->end - w->at) {
        return fault(w, node, w->at, TRUNCATED);
    }
    w->at += count * node->size;
    return OK;
}

static int32_t walk_repeat_fx(walker *w, const rh_node *node)
{
    do {
        if (node->size > w->end - w->at) {
            return fault(w, node, w->at, TRUNCATED);
        }
        w->at += node->size;
    } while (w->data[w->at - 1] & 1U);
    return OK;
}

/* Contents of a published expansion, inside their stated end. */
static void walk_expansion(walker *w, const rh_node *node, int64_t contents_end)
{
    const rh_node *contents = &w->nodes[node->extra];
    const int64_t end = w->end;
    w->end = contents_end;
    w->at += 1;
    int32_t cause = walk_fields(w, contents);
    if (cause == OK && w->at != contents_end) {
        cause = fault(w, contents, w->at, EXPANSION_LEFTOVER);
    }
    if (cause != OK) {
        w->expansion_fault = cause;
        w->expansion_at = w->fault_at;
        w->expansion_node = w->fault_node;
        clear(w, node->slot + 1, node->slot_end);
    }
    w->end = end;
}

/* Length octet, which counts itself, and contents. */
static int32_t walk_explicit(walker *w, const rh_node *node)
{
    if (w->at >= w->end) {
        return fault(w, node, w->at, TRUNCATED);
    }
    const int64_t octets = w->data[w->at];
    if (octets == 0) {
        return fault(w, node, w->at, EXPLICIT_EMPTY);
    }
    if (octets > w->end - w->at) {
        return fault(w, node, w->at, TRUNCATED);
    }
    const int64_t after = w->at + octets;
    if (node->extra >= 0) {
        walk_expansion(w, node, after);
    }
    w->at = after;
    return OK;
}

/* Field reference number and the item that it stands for. */
static int32_t walk_entry(walker *w, const rh_node *node)
{
    if (w->at >= w->end) {
        return fault(w, node, w->at, TRUNCATED);
    }
    const int32_t index = w->data[w->at] - 1;
    if (index < 0 || index >= node->count) {
        return fault(w, node, w->at, RANDOM_FRN);
    }
    const rh_node *field = &w->nodes[node->first + index];
    if (field->kind == UNDEFINED || field->kind == RANDOM) {
        return fault(w, node, w->at, RANDOM_FRN);
    }
    w->at += 1;
    return walk_node(w, field);
}

/* A count of entries. Here only their extent matters; the caller walks the entries as records of their own. */
static int32_t walk_random(walker *w, const rh_node *node)
{
    if (w->at >= w->end) {
        return fault(w, node, w->at, TRUNCATED);
    }
    int32_t entries = w->data[w->at];
    uint16_t *position = w->position;
    w->at += 1;
    w->position = NULL;
    int32_t cause = OK;
    while (entries-- > 0 && cause == OK) {
        cause = walk_entry(w, w->record);
    }
    w->position = position;
    if (cause == OK) {
        mark(w, node->slot + 1, w->at);
    }
    return cause;
}

static int32_t walk_node(walker *w, const rh_node *node)
{
    mark(w, node->slot, w->at);
    switch (node->kind) {
    case FIXED:
        if (node->size > w->end - w->at) {
            return fault(w, node, w->at, TRUNCATED);
        }
        w->at += node->size;
        return OK;
    case EXTENDED:
        return walk_extended(w, node);
    case REPEAT:
        return walk_repeat(w, node);
    case REPEAT_FX:
        return walk_repeat_fx(w, node);
    case EXPLICIT:
        return walk_explicit(w, node);
    case RANDOM:
        return walk_random(w, node);
    default:
        return walk_fields(w, node);
    }
}

static int32_t walk_profile(const rh_walk_job *job, walker *w, int64_t profile)
{
    w->record = &w->nodes[job->roots[profile]];
    w->at = w->start;
    w->expansion_fault = OK;
    return w->record->kind == ENTRY ? walk_entry(w, w->record) : walk_fields(w, w->record);
}

/* Profile that the selector item asks for; `current` where the record does not say. */
static int64_t chosen_profile(const rh_walk_job *job, const walker *w, int64_t current)
{
    const uint16_t at = w->position[job->selector_slot * w->lanes];
    const int64_t octet = w->start + at + job->selector_bit / 8;
    if (at == 0 || octet >= w->end) {
        return current;
    }
    const uint32_t shift = 8U - (uint32_t)(job->selector_bit % 8) - (uint32_t)job->selector_bits;
    const uint32_t value = (uint32_t)w->data[octet] >> shift & ((1U << job->selector_bits) - 1U);
    const int8_t profile = job->choices[value];
    return profile < 0 ? current : profile;
}

/* Walk with the profile that the selector asks for, the first where the record does not say. A profile whose field
 * specification is too short for the record hides the selector, so the others are tried when the first fails. Sets job->profile. */
static int32_t walk_chosen(rh_walk_job *job, walker *w)
{
    const int32_t cause = walk_profile(job, w, 0);
    const int64_t chosen = chosen_profile(job, w, 0);
    job->profile = chosen;
    if (chosen != 0) {
        clear(w, 0, job->n_slots);
        return walk_profile(job, w, chosen);
    }
    if (cause == OK) {
        return OK;
    }
    for (int64_t other = 1; other < job->n_roots; other++) {
        clear(w, 0, job->n_slots);
        if (walk_profile(job, w, other) == OK && chosen_profile(job, w, 0) == other) {
            job->profile = other;
            return OK;
        }
    }
    clear(w, 0, job->n_slots);
    return walk_profile(job, w, 0);
}

/* Positions of row job->n_rows; those of its neighbours in the lanes are cleared with its own when it is the first. */
static uint16_t *lane_of(const rh_walk_job *job)
{
    const int64_t table = job->n_slots * job->lanes;
    uint16_t *lanes = job->position + job->n_rows / job->lanes * table;
    if (job->n_rows % job->lanes == 0) {
        memset(lanes, 0, (size_t)table * sizeof *lanes);
    }
    return lanes + job->n_rows % job->lanes;
}

/* Walk the record at job->at into row job->n_rows. */
static int32_t walk_record(rh_walk_job *job, walker *w)
{
    int32_t cause;
    w->start = job->at;
    w->position = lane_of(job);
    if (job->block_profile == NULL && job->forced < 0 && job->selector_slot >= 0) {
        cause = walk_chosen(job, w);
    } else {
        const int32_t forced = job->block_profile != NULL ? job->block_profile[job->block] : job->forced;
        job->profile = forced < 0 ? 0 : forced;
        cause = walk_profile(job, w, job->profile);
    }
    if (cause != OK) {
        clear(w, 0, job->n_slots);
    }
    return cause;
}

static void add_fault(rh_walk_job *job, int64_t offset, int64_t length, int64_t at, const rh_node *node, int32_t cause)
{
    const int32_t index = (int32_t)(node - job->nodes);
    job->faults[job->n_faults++] = (rh_fault){job->block, job->record, offset, length, at, index, cause};
}

static void add_row(rh_walk_job *job, int64_t end)
{
    job->row_offset[job->n_rows] = job->at;
    job->row_length[job->n_rows] = (int32_t)(end - job->at);
    job->row_block[job->n_rows] = job->block;
    job->row_profile[job->n_rows] = (uint8_t)job->profile;
    job->n_rows++;
    job->record++;
    job->at = end;
}

/* Walk records until the blocks, the rows or the faults run out. A bad record costs the rest of its block: ASTERIX has no mark
 * inside a block from which reading could go on. Returns 1 when all blocks are done, else 0 (call again). */
int32_t rh_walk(rh_walk_job *job)
{
    walker w = {.data = job->data, .nodes = job->nodes, .lanes = job->lanes, .slot_used = job->slot_used};
    for (; job->block < job->n_blocks; job->block++, job->at = -1) {
        if (job->at < 0) {
            job->at = job->block_offset[job->block];
            job->record = 0;
        }
        w.end = job->block_offset[job->block] + job->block_length[job->block];
        while (job->at < w.end) {
            if (job->n_rows >= job->capacity || job->n_faults + 2 > job->fault_capacity) {
                return 0;
            }
            const int32_t cause = walk_record(job, &w);
            if (cause != OK) {
                add_fault(job, job->at, w.end - job->at, w.fault_at, w.fault_node, cause);
                break;
            }
            if (w.expansion_fault != OK) {
                add_fault(job, job->at, 0, w.expansion_at, w.expansion_node, w.expansion_fault);
            }
            add_row(job, w.at);
        }
    }
    return 1;
}
