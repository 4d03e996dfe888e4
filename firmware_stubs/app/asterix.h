/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ASTERIX on the way in (EUROCONTROL-SPEC-0149-1): data blocks, records, and where each item of a record lies.
 * Lengths come from uap_tables.c; what an item means is not known here. Nothing is copied: pointers lead into the
 * caller's octets. */
#ifndef ASTERIX_H
#define ASTERIX_H

#include <stddef.h>
#include <stdint.h>

#include "uap_tables.h"

enum item_kind {
    ITEM_NONE,           /* not defined: its FSPEC bit must be 0 */
    ITEM_FIXED,          /* `size` octets */
    ITEM_EXTENDED,       /* octets with FX in bit 1, at most `count` of them */
    ITEM_REPEATED_FX,    /* parts of `size` octets while the last bit of each is 1 */
    ITEM_REPEATED,       /* one octet REP, then REP times `size` octets */
    ITEM_EXPLICIT,       /* one octet LEN that counts itself */
    ITEM_COMPOUND,       /* its own FSPEC of at most `size` octets, then the subfields `sub[count]` */
    ITEM_COMPOUND_PLAIN, /* `size` octets of presence bits without FX, then the subfields `sub[count]` */
};

struct item_rule {
    uint8_t kind; /* enum item_kind */
    uint8_t size;
    uint8_t count;
    const struct item_rule *sub;
};

struct category {
    uint8_t number;
    uint8_t fspec_max; /* octets */
    uint8_t count;     /* FSPEC positions */
    const struct item_rule *items;
};

enum { FSPEC_POSITIONS_MAX = 35, BLOCK_HEADER = 3 };

struct record {
    size_t length;                                      /* octets, FSPEC included */
    const uint8_t *item[FSPEC_POSITIONS_MAX + 1];       /* by FSPEC position; NULL = absent */
    uint16_t item_length[FSPEC_POSITIONS_MAX + 1];
};

enum parse_result { PARSE_OK, PARSE_BAD_FSPEC, PARSE_TRUNCATED, PARSE_BAD_ITEM };

/* The record that starts at `octets`, of which `n` remain in its block. */
enum parse_result record_parse(const struct category *category, const uint8_t *octets, size_t n, struct record *record);

/* Octets of the data block at `octets` of which `n` remain, header included; 0 = its length field lies. */
size_t block_length(const uint8_t *octets, size_t n);

/* A subfield of a compound item that was parsed whole; NULL = absent. `position` counts from 1. */
const uint8_t *subfield(const struct item_rule *compound, const uint8_t *item, unsigned position);

/* Octets of the item at `octets`, of which `n` remain, or 0 with the cause in `*result`. */
size_t item_length(const struct item_rule *rule, const uint8_t *octets, size_t n, enum parse_result *result);

#endif
