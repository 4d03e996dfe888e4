/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Data blocks in datagrams, records in data blocks, and where each slot of a record is.
 */
#include "kernel.h"

/* Split datagrams into data blocks. Writes at most `capacity` blocks and faults (fault.block = datagram) and returns how many
 * blocks there are; `known[category]` says which categories have a table. Call with capacity 0 to count. */
int64_t rh_blocks(const uint8_t *data, const int64_t *span_offset, const int64_t *span_length, int64_t n_spans, int64_t size,
                  const uint8_t *known, int64_t capacity, int64_t *offset, int64_t *length, int64_t *datagram,
                  uint8_t *category, rh_fault *faults, int64_t *n_faults)
{
    int64_t n = 0;
    int64_t bad = 0;
    for (int64_t span = 0; span < n_spans; span++) {
        int64_t at = span_offset[span];
        int64_t ordinal = 0;
        if (at < 0 || span_length[span] < 0 || at > size || span_length[span] > size - at) {
            if (bad < capacity) {
                faults[bad] = (rh_fault){span, 0, at, 0, at, -1, DATAGRAM_BOUNDS};
            }
            bad++;
            continue;
        }
        const int64_t end = at + span_length[span];
        while (at < end) {
            int32_t cause = OK;
            int64_t octets = end - at;
            if (octets < 3) {
                cause = BLOCK_HEADER_CUT;
            } else {
                const int64_t stated = (int64_t)data[at + 1] << 8 | data[at + 2];
                if (stated < 3) {
                    cause = BLOCK_TOO_SHORT;
                } else if (stated > octets) {
                    cause = BLOCK_TOO_LONG;
                } else {
                    octets = stated;
                    cause = known[data[at]] ? OK : CATEGORY_UNKNOWN;
                }
            }
            if (cause != OK) {
                if (bad < capacity) {
                    faults[bad] = (rh_fault){span, ordinal, at, octets, at, -1, cause};
                }
                bad++;
            } else {
                if (n < capacity) {
                    offset[n] = at;
                    length[n] = octets;
                    datagram[n] = span;
                    category[n] = data[at];
                }
                n++;
            }
            ordinal++;
            at += octets;
        }
    }
    *n_faults = bad;
    return n;
}

typedef struct {
    const rh_walk_job *job;
    const rh_node *record;     /* whose fields RANDOM refers to */
    int32_t quiet;             /* inside RANDOM: leave no positions */
    uint16_t *position;        /* of this row */
    int64_t start;
    int64_t end;
    int64_t at;                /* next octet */
    const rh_node *fault_node;
    int64_t fault_at;
    int32_t expansion_fault;   /* a bad expansion does not spoil the record: kept apart */
    int64_t expansion_at;
    const rh_node *expansion_node;
} walker;

static int32_t walk_node(walker *w, const rh_node *node);

static int32_t fault(walker *w, const rh_node *node, int64_t at, int32_t cause)
{
    w->fault_node = node;
    w->fault_at = at;
    return cause;
}

static void mark(walker *w, int32_t slot, int64_t at)
{
    if (w->quiet) {
        return;
    }
    w->position[slot * w->job->slot_stride] = (uint16_t)(at - w->start);
    w->job->slot_used[slot] = 1;
}

/* Field specification, then the fields whose bit is set. */
static int32_t walk_fields(walker *w, const rh_node *node)
{
    const int fixed = node->kind == COMPOUND_FIXED;
    const int64_t fspec = w->at;
    int64_t octets = 0;
    if (fixed) {
        octets = node->size;
        if (octets > w->end - fspec) {
            return fault(w, node, fspec, TRUNCATED);
        }
    } else {
        do {
            if (fspec + octets >= w->end) {
                return fault(w, node, fspec + octets, TRUNCATED);
            }
            if (octets >= node->size) {
                return fault(w, node, fspec + octets, FSPEC_TOO_LONG);
            }
            octets++;
        } while (w->job->data[fspec + octets - 1] & 1U);
    }
    w->at = fspec + octets;
    const int32_t per_octet = fixed ? 8 : 7;
    for (int64_t octet = 0; octet < octets; octet++) {
        uint32_t flags = fixed ? w->job->data[fspec + octet] : w->job->data[fspec + octet] & 0xFEU;
        while (flags) {
            const int32_t bit = __builtin_clz(flags) - 24;
            flags &= ~(0x80U >> bit);
            const int64_t index = octet * per_octet + bit;
            if (index >= node->count || w->job->nodes[node->first + index].kind == UNDEFINED) {
                return fault(w, node, fspec + octet, FSPEC_UNDEFINED);
            }
            const int32_t cause = walk_node(w, &w->job->nodes[node->first + index]);
            if (cause != OK) {
                return cause;
            }
        }
    }
    return OK;
}

static int32_t walk_extended(walker *w, const rh_node *node)
{
    for (int32_t part = 0; part < node->count; part++) {
        const rh_node *piece = &w->job->nodes[node->first + part];
        if (piece->size > w->end - w->at) {
            return fault(w, node, w->at, TRUNCATED);
        }
        mark(w, piece->slot, w->at);
        w->at += piece->size;
        const int last = part == node->count - 1;
        if (last && !node->extra) {
            return OK;
        }
        if (!(w->job->data[w->at - 1] & 1U)) {
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
        count = count << 8 | w->job->data[w->at++];
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
    } while (w->job->data[w->at - 1] & 1U);
    return OK;
}

/* Length octet and contents; contents with a published expansion are walked, but only inside their stated length. */
static int32_t walk_explicit(walker *w, const rh_node *node)
{
    if (w->at >= w->end) {
        return fault(w, node, w->at, TRUNCATED);
    }
    const int64_t octets = w->job->data[w->at];
    if (octets == 0) {
        return fault(w, node, w->at, EXPLICIT_EMPTY);
    }
    if (octets > w->end - w->at) {
        return fault(w, node, w->at, TRUNCATED);
    }
    const int64_t after = w->at + octets;
    if (node->extra >= 0) {
        const rh_node *contents = &w->job->nodes[node->extra];
        const int64_t end = w->end;
        w->end = after;
        w->at += 1;
        int32_t cause = walk_fields(w, contents);
        if (cause == OK && w->at != after) {
            cause = fault(w, contents, w->at, EXPANSION_LEFTOVER);
        }
        if (cause != OK && !w->quiet) {
            w->expansion_fault = cause;
            w->expansion_at = w->fault_at;
            w->expansion_node = w->fault_node;
            for (int32_t slot = node->slot + 1; slot < node->slot_end; slot++) {
                w->position[slot * w->job->slot_stride] = 0;
            }
        }
        w->end = end;
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
    const int32_t index = w->job->data[w->at] - 1;
    if (index < 0 || index >= node->count) {
        return fault(w, node, w->at, RANDOM_FRN);
    }
    const rh_node *field = &w->job->nodes[node->first + index];
    if (field->kind == UNDEFINED || field->kind == RANDOM) {
        return fault(w, node, w->at, RANDOM_FRN);
    }
    w->at += 1;
    return walk_node(w, field);
}

/* A count of entries. Here only their extent counts; the caller walks the entries as records of their own. */
static int32_t walk_random(walker *w, const rh_node *node)
{
    if (w->at >= w->end) {
        return fault(w, node, w->at, TRUNCATED);
    }
    int32_t entries = w->job->data[w->at];
    w->at += 1;
    w->quiet = 1;
    while (entries-- > 0) {
        const int32_t cause = walk_entry(w, w->record);
        if (cause != OK) {
            return cause;
        }
    }
    w->quiet = 0;
    mark(w, node->slot + 1, w->at);
    return OK;
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

static void clear_positions(const rh_walk_job *job, uint16_t *position)
{
    for (int32_t slot = 0; slot < job->n_slots; slot++) {
        position[slot * job->slot_stride] = 0;
    }
}

static int32_t walk_profile(walker *w, int64_t profile)
{
    w->record = &w->job->nodes[w->job->roots[profile]];
    w->at = w->start;
    w->quiet = 0;
    w->expansion_fault = OK;
    return w->record->kind == ENTRY ? walk_entry(w, w->record) : walk_fields(w, w->record);
}

/* Profile that the selector item asks for; `current` where the record does not say (it then continues the one before). */
static int64_t chosen_profile(const walker *w, int64_t current)
{
    const rh_walk_job *job = w->job;
    const uint16_t at = w->position[job->selector_slot * job->slot_stride];
    const int64_t octet = w->start + at + job->selector_bit / 8;
    if (at == 0 || octet >= w->end) {
        return current;
    }
    const uint32_t shift = 8U - (uint32_t)(job->selector_bit % 8) - (uint32_t)job->selector_bits;
    const uint32_t value = (uint32_t)job->data[octet] >> shift & ((1U << job->selector_bits) - 1U);
    const int8_t profile = job->choices[value];
    return profile < 0 ? current : profile;
}

/* Walk with the profile that the selector asks for. A profile whose field specification is too short for the record hides
 * the selector, so the others are tried when the current one fails. Sets job->profile. */
static int32_t walk_chosen(rh_walk_job *job, walker *w)
{
    const int64_t current = job->profile;
    int32_t cause = walk_profile(w, current);
    const int64_t chosen = chosen_profile(w, current);
    if (chosen != current) {
        clear_positions(job, w->position);
        job->profile = chosen;
        return walk_profile(w, chosen);
    }
    for (int64_t other = 0; cause != OK && other < job->n_roots; other++) {
        clear_positions(job, w->position);
        if (other != current && walk_profile(w, other) == OK && chosen_profile(w, -1) == other) {
            job->profile = other;
            return OK;
        }
    }
    if (cause != OK) {
        clear_positions(job, w->position);
        cause = walk_profile(w, current);
    }
    return cause;
}

/* Walk one record at job->at into row `row`. */
static int32_t walk_record(rh_walk_job *job, walker *w, int64_t row)
{
    w->start = job->at;
    w->position = job->position + row * job->row_stride;
    int32_t cause;
    if (job->block_profile == NULL && job->forced < 0 && job->selector_slot >= 0) {
        cause = walk_chosen(job, w);
    } else {
        const int32_t forced = job->block_profile != NULL ? job->block_profile[job->block] : job->forced;
        job->profile = forced < 0 ? 0 : forced;
        cause = walk_profile(w, job->profile);
    }
    if (cause != OK) {
        clear_positions(job, w->position);
    }
    return cause;
}

static void add_fault(rh_walk_job *job, int64_t offset, int64_t length, int64_t at, const rh_node *node, int32_t cause)
{
    const int32_t index = node ? (int32_t)(node - job->nodes) : -1;
    job->faults[job->n_faults++] = (rh_fault){job->block, job->record, offset, length, at, index, cause};
}

/* Walk records until the blocks, the rows or the faults run out. A bad record costs the rest of its block: ASTERIX has no
 * mark inside a block from which reading could go on. Returns 1 when all blocks are done, else 0 (call again). */
int32_t rh_walk(rh_walk_job *job)
{
    while (job->block < job->n_blocks) {
        const int64_t first = job->block_offset[job->block];
        walker w = {.job = job, .end = first + job->block_length[job->block]};
        if (job->at == 0) {
            job->at = first;
            job->record = 0;
            job->profile = 0;
        }
        while (job->at < w.end) {
            if (job->n_rows >= job->capacity || job->n_faults + 2 > job->fault_capacity) {
                return 0;
            }
            const int64_t start = job->at;
            const int32_t cause = walk_record(job, &w, job->n_rows);
            if (cause != OK) {
                add_fault(job, start, w.end - start, w.fault_at, w.fault_node, cause);
                break;
            }
            if (w.expansion_fault != OK) {
                add_fault(job, start, 0, w.expansion_at, w.expansion_node, w.expansion_fault);
            }
            job->row_offset[job->n_rows] = start;
            job->row_length[job->n_rows] = (int32_t)(w.at - start);
            job->row_block[job->n_rows] = job->block;
            job->row_profile[job->n_rows] = (uint8_t)job->profile;
            job->n_rows++;
            job->record++;
            job->at = w.at;
        }
        job->block++;
        job->at = 0;
    }
    return 1;
}
