/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The inner loops of hil.asterix: find blocks, walk records, move bits between records and columns.
 * It knows no ASTERIX item: everything that depends on a category comes in as tables made by hil/asterix/plans.py from the
 * published ones. It allocates nothing, keeps no state, and checks every octet against the end of its block before reading it.
 * hil/asterix/kernel.py mirrors the structures below and is the only caller.
 */
#include <stdint.h>
#include <string.h>

enum node_kind { UNDEFINED, FIXED, EXTENDED, REPEAT, REPEAT_FX, EXPLICIT, COMPOUND, COMPOUND_FIXED, RANDOM, RECORD, ENTRY };

enum cause {
    OK, TRUNCATED, FSPEC_TOO_LONG, FSPEC_UNDEFINED, LAST_FX_SET, EXPLICIT_EMPTY, RANDOM_FRN, EXPANSION_LEFTOVER,
    BLOCK_TOO_SHORT, BLOCK_TOO_LONG, BLOCK_HEADER_CUT, CATEGORY_UNKNOWN, DATAGRAM_BOUNDS
};

enum field_kind { UINT, INT, QUANTITY, SIGNED_QUANTITY, SIX_BIT, TEXT, OCTETS };

/* One place in a record's structure. Children are nodes[first .. first + count). */
typedef struct {
    int32_t kind;
    int32_t size;     /* FIXED, REPEAT*: octets (of an element); COMPOUND, RECORD: octets of FSPEC allowed */
    int32_t slot;     /* column of the position table */
    int32_t first;
    int32_t count;
    int32_t extra;    /* EXTENDED: the last part has an FX bit; EXPLICIT: node of its expansion or -1 */
    int32_t slot_end; /* one past the last slot of this node and all below it */
    int32_t octets;   /* REPEAT: octets of the count */
} rh_node;

typedef struct {
    int64_t block;    /* index into the blocks that were walked */
    int64_t record;   /* number of the record in its block */
    int64_t offset;   /* octets [offset, offset + length) belong to no record because of this fault */
    int64_t length;
    int64_t at;       /* where the fault was seen */
    int32_t node;     /* node at fault, -1: none */
    int32_t cause;
} rh_fault;

typedef struct {
    int32_t slot;
    int32_t bit;      /* from the slot's position, or from the start of a repeated element */
    int32_t bits;
    int32_t kind;
    int32_t width;    /* octets of one value in the column */
    int32_t is_signed;
    double scale;
    int64_t fill;     /* column value where the field is absent (integers only; quantities get NaN, strings NULs) */
    int64_t low;      /* encode: smallest and largest raw value that is allowed */
    int64_t high;
    int64_t wrap_at;  /* encode: this raw value (one past high) is written as wrap_to; wrap_at <= high: never */
    int64_t wrap_to;
    uint8_t *column;
    int64_t stride;   /* octets from one value of the column to the next */
} rh_field;

/* What a walk reads, where it writes, and where it stopped; the caller calls again until `block == n_blocks`. */
typedef struct {
    const uint8_t *data;
    const rh_node *nodes;
    const int64_t *block_offset;
    const int64_t *block_length;
    int64_t n_blocks;
    const int32_t *roots;      /* RECORD node of each profile */
    int32_t n_roots;
    int32_t forced;            /* profile of every record, -1: by the selector */
    int32_t selector_slot;     /* -1: one profile only */
    int32_t selector_bit;
    int32_t selector_bits;
    int32_t n_slots;
    const uint8_t *block_profile; /* profile of each block's records, instead of `forced`; NULL: none */
    const int8_t *choices;     /* selector value -> profile, -1: none; 256 entries */
    int64_t block;             /* cursor: block, octet in it (0: not begun), record in it, profile of the last record */
    int64_t at;
    int64_t record;
    int64_t profile;
    int64_t capacity;          /* rows and faults that fit */
    int64_t fault_capacity;
    int64_t n_rows;
    int64_t n_faults;
    int64_t *row_offset;
    int32_t *row_length;
    int64_t *row_block;
    uint8_t *row_profile;
    uint16_t *position;        /* [slot * slot_stride + row * row_stride]; 0: absent */
    int64_t slot_stride;
    int64_t row_stride;
    uint8_t *slot_used;
    rh_fault *faults;
} rh_walk_job;

static uint64_t load_be(const uint8_t *from)
{
    uint64_t word;
    memcpy(&word, from, sizeof word);
    return __builtin_bswap64(word);
}

/* The 64 bits at `from`, zero behind the end of the data. */
static uint64_t window(const uint8_t *data, int64_t size, int64_t from)
{
    if (from + 8 <= size) {
        return load_be(data + from);
    }
    uint64_t word = 0;
    for (int64_t i = 0; i < 8; i++) {
        word = (word << 8) | (from + i < size ? data[from + i] : 0U);
    }
    return word;
}

/* ---- blocks ---- */

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

/* ---- walk ---- */

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

/* ---- columns out of records ---- */

static const double NOT_A_NUMBER = __builtin_nan("");

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
    int32_t kept = 0;
    for (int32_t i = 0; i < octets; i++) {
        to[i] = from[i];
        kept = to[i] == ' ' || to[i] == 0U ? kept : i + 1;
    }
    memset(to + kept, 0, (size_t)(octets - kept));
}

static void store_integer(uint8_t *to, int32_t width, int64_t value)
{
    switch (width) {
    case 1: {
        const int8_t v = (int8_t)value;
        memcpy(to, &v, 1);
        break;
    }
    case 2: {
        const int16_t v = (int16_t)value;
        memcpy(to, &v, 2);
        break;
    }
    case 4: {
        const int32_t v = (int32_t)value;
        memcpy(to, &v, 4);
        break;
    }
    default:
        memcpy(to, &value, 8);
        break;
    }
}

/* Raw value of a field whose slot is at octet `at`. */
static int64_t raw_value(const uint8_t *data, int64_t size, int64_t at, const rh_field *field, int is_signed)
{
    const uint64_t word = window(data, size, at + field->bit / 8) << (field->bit % 8);
    const int32_t unused = 64 - field->bits;
    return is_signed ? (int64_t)word >> unused : (int64_t)(word >> unused);
}

static void column_of(const uint8_t *data, int64_t size, int64_t n, const int64_t *offset, const uint16_t *position,
                      const rh_field *field)
{
    uint8_t *to = field->column;
    const int is_signed = field->kind == INT || field->kind == SIGNED_QUANTITY;
    for (int64_t row = 0; row < n; row++, to += field->stride) {
        const int64_t rel = position ? position[row] : 0;
        const int present = position == NULL || rel != 0;
        const int64_t at = offset[row] + rel;
        switch (field->kind) {
        case UINT:
        case INT:
            store_integer(to, field->width, present ? raw_value(data, size, at, field, is_signed) : field->fill);
            break;
        case QUANTITY:
        case SIGNED_QUANTITY: {
            const double value =
                present ? (double)raw_value(data, size, at, field, is_signed) * field->scale : NOT_A_NUMBER;
            memcpy(to, &value, sizeof value);
            break;
        }
        case SIX_BIT:
            if (present) {
                six_bit_text((uint64_t)raw_value(data, size, at, field, 0), field->bits / 6, to);
            } else {
                memset(to, 0, (size_t)field->width);
            }
            break;
        case TEXT:
            if (present) {
                octet_text(data + at + field->bit / 8, field->width, to);
            } else {
                memset(to, 0, (size_t)field->width);
            }
            break;
        default:
            if (present) {
                memcpy(to, data + at + field->bit / 8, (size_t)field->width);
            } else {
                memset(to, 0, (size_t)field->width);
            }
            break;
        }
    }
}

/* Fill the columns of `n_fields` fields from `n` rows at `offset`, whose slots are at `position[slot * slot_stride + row]`
 * (NULL: the rows are repeated elements and the fields count from their start). */
void rh_extract(const uint8_t *data, int64_t size, int64_t n, const int64_t *offset, const uint16_t *position,
                int64_t slot_stride, const rh_field *fields, int64_t n_fields)
{
    for (int64_t i = 0; i < n_fields; i++) {
        const uint16_t *slot = position ? position + fields[i].slot * slot_stride : NULL;
        column_of(data, size, n, offset, slot, &fields[i]);
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

/* ---- records out of columns ---- */

enum refusal { FITS, NO_ROOM, RECORD_TOO_LONG, TOO_MANY, NONE_TO_REPEAT, TEXT_TOO_LONG, BAD_CHARACTER, OUT_OF_RANGE, NO_VALUE };

/* Which rows have a slot, and how much: rows of a slot that repeats or is explicit have offsets[row + 1] - offsets[row]
 * elements (octets). `mask` NULL: no row has it; `mask_stride` 0: one flag for all rows. */
typedef struct {
    const uint8_t *mask;
    int64_t mask_stride;
    const int64_t *offsets;
    const uint8_t *payload;  /* octets of an explicit item; NULL: it is built from its expansion's fields */
} rh_presence;

typedef struct {
    const rh_node *nodes;
    const rh_presence *presence;  /* one per slot */
    uint8_t *out;                 /* zeroed beforehand */
    int64_t size;
    int64_t root;
    int64_t category;
    int64_t mtu;
    int64_t first_row;            /* rows [first_row, first_row + n_rows) of the presence tables are laid out */
    int64_t n_rows;
    int64_t at;                   /* cursor: next octet of out, start of the open block (-1: none) */
    int64_t block;
    int64_t n_blocks;
    int64_t *block_offset;
    int64_t *row_offset;          /* n_rows */
    uint16_t *position;           /* [slot * slot_stride + row], zeroed beforehand */
    int64_t slot_stride;
    int64_t bad_row;              /* set when refused */
    int64_t bad_node;
} rh_layout_job;

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

/* Put `bits` bits at bit `bit` of `to`, which are zero there. */
static void put_bits(uint8_t *to, int32_t bit, int32_t bits, uint64_t value)
{
    to += bit / 8;
    const int32_t lead = bit % 8;
    uint64_t word = value << (64 - bits) >> lead;
    for (int32_t left = lead + bits; left > 0; left -= 8) {
        *to = (uint8_t)(*to | word >> 56);
        word <<= 8;
        to++;
    }
}

static int32_t quantise(const uint8_t *from, const rh_field *field, int64_t *raw)
{
    double value;
    memcpy(&value, from, sizeof value);
    value /= field->scale;
    if (value != value) {
        return NO_VALUE;
    }
    if (!(value > (double)field->low - 0.6 && value < (double)field->high + 1.6)) {
        return OUT_OF_RANGE;
    }
    *raw = __builtin_llrint(value);
    if (*raw == field->wrap_at) {
        *raw = field->wrap_to;
    }
    return *raw < field->low || *raw > field->high ? OUT_OF_RANGE : FITS;
}

static int32_t six_bit_word(const uint8_t *text, int32_t width, int32_t chars, uint64_t *word)
{
    *word = 0;
    for (int32_t i = 0; i < chars; i++) {
        const uint8_t c = i < width && text[i] ? text[i] : (uint8_t)' ';
        if (c < 32U || c > 95U) {
            return BAD_CHARACTER;
        }
        *word = *word << 6 | (c & 63U);
    }
    for (int32_t i = chars; i < width; i++) {
        if (text[i]) {
            return TEXT_TOO_LONG;
        }
    }
    return FITS;
}

static int32_t put_text(const uint8_t *text, int32_t width, int32_t octets, int padded, uint8_t *to)
{
    for (int32_t i = 0; i < octets; i++) {
        const uint8_t c = i < width ? text[i] : 0U;
        if (padded && c > 127U) {
            return BAD_CHARACTER;
        }
        to[i] = padded && c == 0U ? (uint8_t)' ' : c;
    }
    for (int32_t i = octets; i < width; i++) {
        if (text[i]) {
            return TEXT_TOO_LONG;
        }
    }
    return FITS;
}

static int32_t insert_value(uint8_t *to, const uint8_t *from, const rh_field *field)
{
    int64_t raw = 0;
    uint64_t word = 0;
    int32_t refusal = FITS;
    switch (field->kind) {
    case UINT:
    case INT:
        memcpy(&raw, from, sizeof raw);
        if (field->bits < 64 && (raw < field->low || raw > field->high)) {
            return OUT_OF_RANGE;
        }
        put_bits(to, field->bit, field->bits, (uint64_t)raw);
        return FITS;
    case QUANTITY:
    case SIGNED_QUANTITY:
        refusal = quantise(from, field, &raw);
        if (refusal == FITS) {
            put_bits(to, field->bit, field->bits, (uint64_t)raw);
        }
        return refusal;
    case SIX_BIT:
        refusal = six_bit_word(from, field->width, field->bits / 6, &word);
        if (refusal == FITS) {
            put_bits(to, field->bit, field->bits, word);
        }
        return refusal;
    default:
        return put_text(from, field->width, field->bits / 8, field->kind == TEXT, to + field->bit / 8);
    }
}

/* Write the columns of `n_fields` fields into `n` rows at `offset` (see rh_extract for `position`). Quantities come as
 * doubles, integers as int64. Returns FITS, or a refusal with *bad_row and *bad_field set. */
int32_t rh_insert(uint8_t *out, int64_t n, const int64_t *offset, const uint16_t *position, int64_t slot_stride,
                  const rh_field *fields, int64_t n_fields, int64_t *bad_row, int64_t *bad_field)
{
    for (int64_t i = 0; i < n_fields; i++) {
        const rh_field *field = &fields[i];
        const uint16_t *slot = position ? position + field->slot * slot_stride : NULL;
        const uint8_t *from = field->column;
        for (int64_t row = 0; row < n; row++, from += field->stride) {
            const int64_t rel = slot ? slot[row] : 0;
            if (slot && rel == 0) {
                continue;
            }
            const int32_t refusal = insert_value(out + offset[row] + rel, from, field);
            if (refusal != FITS) {
                *bad_row = row;
                *bad_field = i;
                return refusal;
            }
        }
    }
    return FITS;
}

/* ---- one datagram: values of a record as a tape, 8 octets a number, text and octets NUL-padded ---- */

typedef struct {
    int32_t first_field;
    int32_t n_fields;
    int32_t node;      /* -1: nothing to tape (an extent's later part has fields but no node of its own) */
    int32_t is_random;
} rh_tape_slot;

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
        column_of(t->data, t->size, 1, &at, NULL, &field);
    }
    return 1;
}

static int tape_slot(taper *t, int64_t start, const uint16_t *position, int32_t slot, const rh_tape_slot *slots,
                     const rh_node *nodes, const rh_field *fields)
{
    const rh_tape_slot *info = &slots[slot];
    const rh_node *node = info->node < 0 ? NULL : &nodes[info->node];
    const int64_t at = start + position[slot];
    const rh_field *own = fields + info->first_field;
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

/* Values of all present slots of each row, in the order of the slots. `position` is row after row. Returns 1, or 0 when the
 * tape is too short. tape_offset: n + 1 offsets of the rows' values. */
int32_t rh_tape(const uint8_t *data, int64_t size, int64_t n, const int64_t *offset, const uint16_t *position,
                int64_t n_slots, const rh_tape_slot *slots, const rh_node *nodes, const rh_field *fields, uint8_t *tape,
                int64_t capacity, int64_t *tape_offset)
{
    taper t = {data, size, tape, 0, capacity};
    for (int64_t row = 0; row < n; row++, position += n_slots) {
        tape_offset[row] = t.at;
        for (int32_t slot = 0; slot < n_slots; slot++) {
            if (position[slot] && !tape_slot(&t, offset[row], position, slot, slots, nodes, fields)) {
                return 0;
            }
        }
    }
    tape_offset[n] = t.at;
    return 1;
}

/* One layout of a record, for writing: its octets with all values 0, and the fields to put into them. field.bit counts from
 * the record's start, field.column is the value's octet on the tape. */
typedef struct {
    const uint8_t *octets;
    int64_t length;
    const rh_field *fields;
    int64_t n_fields;
    int64_t tape_length;
} rh_layout_form;

/* Write records, each by its layout, from a tape of their values. Returns FITS or a refusal. */
int32_t rh_pack(const rh_layout_form *const *forms, int64_t n, const uint8_t *tape, uint8_t *out, int64_t size,
                int64_t *bad_row, int64_t *bad_field)
{
    for (int64_t row = 0; row < n; row++) {
        const rh_layout_form *form = forms[row];
        *bad_row = row;
        if (form->length > size) {
            return NO_ROOM;
        }
        memcpy(out, form->octets, (size_t)form->length);
        for (int64_t i = 0; i < form->n_fields; i++) {
            const rh_field *field = &form->fields[i];
            const int32_t refusal = insert_value(out, tape + (intptr_t)field->column, field);
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
