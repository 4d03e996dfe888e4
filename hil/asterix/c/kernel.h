/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The inner loops of hil.asterix: find blocks (blocks.c), walk records (walk.c), bits to columns (columns.c), lay out records
 * (layout.c) and columns to bits (values.c), one datagram at a time (dicts.c, forms.c). The kernel knows no ASTERIX item:
 * everything that depends on a category comes in as tables made by hil/asterix/plans.py from the published ones. It keeps no
 * state, allocates nothing but the Python objects of dicts.c, and checks every octet against the end of its block before
 * reading it.
 *
 * hil/asterix/kernel.py mirrors these structures and is the only caller.
 */
#ifndef HIL_ASTERIX_KERNEL_H
#define HIL_ASTERIX_KERNEL_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum node_kind {
    UNDEFINED, FIXED, EXTENDED, REPEAT, REPEAT_FX, EXPLICIT, COMPOUND, COMPOUND_FIXED, RANDOM, RECORD, ENTRY
};

enum field_kind { UINT, INT, QUANTITY, SIGNED_QUANTITY, SIX_BIT, TEXT, OCTETS };

/* Why octets are no record. */
enum cause {
    OK, TRUNCATED, FSPEC_TOO_LONG, FSPEC_UNDEFINED, LAST_FX_SET, EXPLICIT_EMPTY, RANDOM_FRN, EXPANSION_LEFTOVER,
    BLOCK_TOO_SHORT, BLOCK_TOO_LONG, BLOCK_HEADER_CUT, CATEGORY_UNKNOWN, DATAGRAM_BOUNDS
};

/* Why a value or a record cannot be written. */
enum refusal {
    FITS, NO_ROOM, RECORD_TOO_LONG, TOO_MANY, NONE_TO_REPEAT, TEXT_TOO_LONG, BAD_CHARACTER, OUT_OF_RANGE, NO_VALUE
};

#define RECORD_MAX 65532 /* octets: a block's length has 16 bits and counts its own header */
#define LANES 64         /* rows that are worked on together: their positions and octets stay in the first-level cache */
#define KERNEL_ABI 5     /* raised with every change of these structures; kernel.py refuses another */

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
    int32_t ordinal;  /* COMPOUND, COMPOUND_FIXED, RECORD: their number among themselves, else -1 */
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
    int32_t width;    /* octets from one value of the column to the next */
    int32_t lead;     /* encode, repeated elements: octets of the count before them, octets from one to the next */
    int32_t step;
    double scale;
    int64_t fill;     /* column value where the field is absent (integers only; quantities get NaN, texts NULs) */
    int64_t low;      /* encode: smallest and largest raw value that is allowed */
    int64_t high;
    int64_t wrap_at;  /* encode: this raw value is written as wrap_to; below low: never */
    int64_t wrap_to;
    uint8_t *column;
} rh_field;

/* What a walk reads, where it writes, and where it stopped; the caller calls again until it returns 1. */
typedef struct {
    const uint8_t *data;
    const rh_node *nodes;
    const int64_t *block_offset;
    const int64_t *block_length;
    int64_t n_blocks;
    const int32_t *roots;         /* RECORD (or ENTRY) node of each profile */
    int32_t n_roots;
    int32_t forced;               /* profile of every record, -1: by the selector */
    int32_t selector_slot;        /* -1: one profile only */
    int32_t selector_bit;
    int32_t selector_bits;
    int32_t n_slots;
    const uint8_t *block_profile; /* profile of each block's records, instead of `forced`; NULL: none */
    const int8_t *choices;        /* selector value -> profile, -1: none; 256 entries */
    int64_t block;                /* cursor: block, octet in the data (-1: block not begun), record, its profile */
    int64_t at;
    int64_t record;
    int64_t profile;
    int64_t capacity;             /* rows and faults that fit */
    int64_t fault_capacity;
    int64_t n_rows;
    int64_t n_faults;
    int64_t *row_offset;
    int32_t *row_length;
    int64_t *row_block;
    uint8_t *row_profile;
    uint16_t *position;           /* [row / lanes][slot][row % lanes]: octets from the record's start; 0: absent */
    int64_t lanes;
    uint16_t *slot_used;
    rh_fault *faults;
} rh_walk_job;

/* Which rows have a slot, and how much: rows of a slot that repeats or is explicit have offsets[row + 1] - offsets[row]
 * elements (octets). `mask` NULL: no row has it; `mask_stride` 0: one flag for all rows. */
typedef struct {
    const uint8_t *mask;
    int64_t mask_stride;
    const int64_t *offsets;
    const uint8_t *payload;       /* octets of an explicit item; NULL: it is built from its expansion's fields */
} rh_presence;

typedef struct {
    const rh_node *nodes;
    int64_t n_nodes;
    int64_t n_slots;
    const rh_presence *presence;  /* one per slot */
    const rh_field *fields;       /* single values: one per row */
    int64_t n_fields;
    const rh_field *repeated;     /* values of repeated elements: presence[slot].offsets says which are a row's */
    int64_t n_repeated;
    int64_t n_rows;
    int64_t root;
    int64_t category;
    int64_t mtu;
    uint8_t *out;                 /* zeroed beforehand; 8 octets of it stay free behind the last record */
    int64_t size;
    int64_t at;                   /* next octet of out */
    int64_t block;                /* start of the open block, -1: none */
    int64_t n_blocks;
    int64_t *block_offset;        /* n_rows */
    int64_t *row_offset;          /* n_rows */
    uint16_t *position;           /* scratch, and result for the last lanes: [slot][LANES] */
    uint64_t *children;           /* scratch: [ordinal][LANES], children that a row has, as bits */
    int64_t bad_row;              /* when refused: row, and */
    int64_t bad_element;          /* row or repeated element in its column, */
    int64_t bad_node;             /* node at fault, or -1 and */
    int64_t bad_field;            /* index into fields, or n_fields + index into repeated */
} rh_encode_job;

/* A dictionary somewhere below a record. Group 0 is the record itself. */
typedef struct {
    void *key;                    /* its name, a Python string, in the dictionary of */
    void *made;                   /* scratch: the dictionary, NULL where the record has none yet */
    int64_t parent;               /* this group; -1: it is a record or an element of a list */
} rh_group;

/* Where the value of a field goes: under `key` of the dictionary of `group`. */
typedef struct {
    void *key;
    const double *case_scales;    /* raw value of another field of the slot -> factor */
    int32_t case_field;           /* that field, -1: none */
    int32_t group;
} rh_target;

enum slot_form { SLOT_NOTHING, SLOT_FIELDS, SLOT_GROUP, SLOT_LIST, SLOT_EXPLICIT, SLOT_RANDOM };

/* What becomes of one slot. */
typedef struct {
    void *key;                    /* of its list or octets */
    int32_t form;
    int32_t group;                /* SLOT_GROUP: its own; others: where its list or octets go */
    int32_t node;
    int32_t first_field;
    int32_t n_fields;
    int32_t first_group;          /* SLOT_LIST: those of an element, the first is the element; none: it is a value */
    int32_t end_group;
} rh_dict_slot;

typedef struct {
    rh_walk_job *walk;
    int64_t size;                 /* octets of walk->data */
    const rh_dict_slot *slots;
    const rh_field *fields;
    const rh_target *targets;     /* one per field */
    rh_group *groups;
    int64_t n_groups;
} rh_dict_job;

/* One layout of a record, for writing: its octets with all values 0, and the fields to put into them. field.bit counts from
 * the record's start, field.column is the value's octet on the tape. */
typedef struct {
    const uint8_t *octets;
    int64_t length;
    const rh_field *fields;
    int64_t n_fields;
    int64_t tape_length;
} rh_form;

static inline uint64_t load_be(const uint8_t *from)
{
    uint64_t word;
    memcpy(&word, from, sizeof word);
    return __builtin_bswap64(word);
}

/* The 64 bits at `from`, zero behind the end of the data. */
static inline uint64_t load_near_end(const uint8_t *data, int64_t size, int64_t from)
{
    uint64_t word = 0;
    for (int64_t i = 0; i < 8; i++) {
        word = word << 8 | (from + i < size ? data[from + i] : 0U);
    }
    return word;
}

/* Raw value of a field in a window: unsigned, or in two's complement. */
static inline uint64_t raw_of(uint64_t word, int32_t lead, int32_t unused, uint64_t sign)
{
    const uint64_t raw = word << lead >> unused;
    return (raw ^ sign) - sign;
}

/* Between the files of the kernel. */
uint64_t rh_six_bit_text(uint64_t codes);
int32_t rh_text_length(const uint8_t *from, int32_t octets);
int32_t rh_write_lanes(rh_encode_job *job, int64_t first_row, int64_t n);
int32_t rh_write_value(uint8_t *to, const uint8_t *from, const rh_field *field);

/* Called from Python; said where they are defined. */
int64_t rh_blocks(const uint8_t *data, const int64_t *span_offset, const int64_t *span_length, int64_t n_spans, int64_t size,
                  const uint8_t *known, int64_t capacity, int64_t *offset, int64_t *length, int64_t *datagram,
                  uint8_t *category, rh_fault *faults, int64_t *n_faults);
int64_t rh_abi(void);
int32_t rh_walk(rh_walk_job *job);
void rh_extract(const uint8_t *data, int64_t size, int64_t n, const int64_t *offset, const uint16_t *position,
                int64_t n_slots, const rh_field *fields, int64_t n_fields, int64_t first_row);
void rh_count(const uint8_t *data, int64_t n, const int64_t *offset, const uint16_t *position, const rh_node *node,
              int64_t *counts);
void rh_place(int64_t n, const int64_t *offset, const uint16_t *position, const int64_t *counts, int64_t lead, int64_t step,
              int64_t *places);
int32_t rh_encode(rh_encode_job *job);
int32_t rh_dicts(rh_dict_job *job, void *records);
int32_t rh_pack(const rh_form *const *forms, int64_t n, const uint8_t *tape, uint8_t *out, int64_t size, int64_t *bad_row,
                int64_t *bad_field);

#endif
