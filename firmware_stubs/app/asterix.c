/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "asterix.h"

#include <stdbool.h>
#include <string.h>

#include "defects.h"
#include "octets.h"

static size_t fspec_octets(const uint8_t *octets, size_t n, size_t max, enum parse_result *result);
static unsigned positions_in(size_t octets, bool with_fx);
static bool presence(const uint8_t *fspec, unsigned position, bool with_fx);
static bool undefined_position_set(const uint8_t *fspec, size_t octets, unsigned defined, bool with_fx);
static size_t length_by_kind(const struct item_rule *rule, const uint8_t *octets, size_t n, enum parse_result *result);
static size_t extended_length(const struct item_rule *rule, const uint8_t *octets, size_t n, enum parse_result *result);
static size_t repeated_fx_length(const struct item_rule *rule, const uint8_t *octets, size_t n);
static size_t repeated_length(const struct item_rule *rule, const uint8_t *octets, size_t n);
static size_t explicit_length(const uint8_t *octets, size_t n, enum parse_result *result);
static size_t compound_length(const struct item_rule *rule, const uint8_t *octets, size_t n,
                              enum parse_result *result);

size_t block_length(const uint8_t *octets, size_t n)
{
    if (n < BLOCK_HEADER) {
        return 0;
    }
    const size_t length = get_u16(octets + 1);
    return length > BLOCK_HEADER && length <= n ? length : 0;
}

enum parse_result record_parse(const struct category *category, const uint8_t *octets, size_t n, struct record *record)
{
    enum parse_result result = PARSE_OK;
    memset(record, 0, sizeof *record);
    const size_t fspec = fspec_octets(octets, n, category->fspec_max, &result);
    if (fspec == 0) {
        return result == PARSE_BAD_ITEM ? PARSE_BAD_FSPEC : result;
    }
    if (undefined_position_set(octets, fspec, category->count, true)) {
        return PARSE_BAD_FSPEC;
    }
    size_t at = fspec;
    for (unsigned position = 1; position <= category->count && position <= 7u * fspec; position++) {
        if (!presence(octets, position, true)) {
            continue;
        }
        if (category->items[position - 1u].kind == ITEM_NONE) {
            return PARSE_BAD_FSPEC;
        }
        const size_t length = item_length(&category->items[position - 1u], octets + at, n - at, &result);
        if (length == 0) {
            if (defect(DEFECT_truncated_taken) && result == PARSE_TRUNCATED && at > fspec) {
                record->length = n;
                return PARSE_OK;
            }
            return result;
        }
        record->item[position] = octets + at;
        record->item_length[position] = (uint16_t)length;
        at += length;
    }
    record->length = at;
    return at > fspec ? PARSE_OK : PARSE_BAD_FSPEC; /* a record without any item is impossible */
}

const uint8_t *subfield(const struct item_rule *compound, const uint8_t *item, unsigned position)
{
    const bool with_fx = compound->kind == ITEM_COMPOUND;
    enum parse_result result = PARSE_OK;
    size_t at = with_fx ? fspec_octets(item, compound->size, compound->size, &result) : compound->size;
    if (position > positions_in(at, with_fx) || !presence(item, position, with_fx)) {
        return NULL;
    }
    for (unsigned before = 1; before < position; before++) {
        if (presence(item, before, with_fx)) {
            at += item_length(&compound->sub[before - 1u], item + at, SIZE_MAX, &result);
        }
    }
    return item + at;
}

size_t item_length(const struct item_rule *rule, const uint8_t *octets, size_t n, enum parse_result *result)
{
    *result = PARSE_TRUNCATED;
    const size_t length = length_by_kind(rule, octets, n, result);
    if (length != 0) {
        *result = PARSE_OK;
    }
    return length;
}

static size_t length_by_kind(const struct item_rule *rule, const uint8_t *octets, size_t n, enum parse_result *result)
{
    switch (rule->kind) {
    case ITEM_FIXED: return rule->size <= n ? rule->size : 0;
    case ITEM_EXTENDED: return extended_length(rule, octets, n, result);
    case ITEM_REPEATED_FX: return repeated_fx_length(rule, octets, n);
    case ITEM_REPEATED: return repeated_length(rule, octets, n);
    case ITEM_EXPLICIT: return explicit_length(octets, n, result);
    case ITEM_COMPOUND:
    case ITEM_COMPOUND_PLAIN: return compound_length(rule, octets, n, result);
    default: *result = PARSE_BAD_ITEM; return 0;
    }
}

/* Octets of an FSPEC, or 0 with the cause. */
static size_t fspec_octets(const uint8_t *octets, size_t n, size_t max, enum parse_result *result)
{
    for (size_t i = 0; i < max; i++) {
        if (i == n) {
            *result = PARSE_TRUNCATED;
            return 0;
        }
        if ((octets[i] & 1u) == 0) {
            return i + 1u;
        }
    }
    *result = PARSE_BAD_ITEM;
    return 0;
}

static unsigned positions_in(size_t octets, bool with_fx)
{
    return (unsigned)octets * (with_fx ? 7u : 8u);
}

static bool presence(const uint8_t *fspec, unsigned position, bool with_fx)
{
    const unsigned per_octet = positions_in(1, with_fx);
    return (fspec[(position - 1u) / per_octet] & (0x80u >> ((position - 1u) % per_octet))) != 0;
}

static bool undefined_position_set(const uint8_t *fspec, size_t octets, unsigned defined, bool with_fx)
{
    for (unsigned position = defined + 1u; position <= positions_in(octets, with_fx); position++) {
        if (presence(fspec, position, with_fx)) {
            return true;
        }
    }
    return false;
}

static size_t extended_length(const struct item_rule *rule, const uint8_t *octets, size_t n, enum parse_result *result)
{
    return fspec_octets(octets, n, rule->count, result); /* same shape: octets chained by FX */
}

static size_t repeated_fx_length(const struct item_rule *rule, const uint8_t *octets, size_t n)
{
    size_t at = 0;
    do {
        if (n - at < rule->size) {
            return 0;
        }
        at += rule->size;
    } while ((octets[at - 1u] & 1u) != 0);
    return at;
}

static size_t repeated_length(const struct item_rule *rule, const uint8_t *octets, size_t n)
{
    if (n < 1) {
        return 0;
    }
    const size_t length = 1u + (size_t)octets[0] * rule->size;
    return length <= n ? length : 0;
}

static size_t explicit_length(const uint8_t *octets, size_t n, enum parse_result *result)
{
    if (n < 1) {
        return 0;
    }
    if (octets[0] == 0) {
        *result = PARSE_BAD_ITEM;
        return 0;
    }
    return octets[0] <= n ? octets[0] : 0;
}

static size_t compound_length(const struct item_rule *rule, const uint8_t *octets, size_t n, enum parse_result *result)
{
    const bool with_fx = rule->kind == ITEM_COMPOUND;
    size_t at = rule->size;
    if (with_fx) {
        at = fspec_octets(octets, n, rule->size, result);
    } else if (n < at) {
        at = 0;
    }
    if (at == 0) {
        return 0;
    }
    if (undefined_position_set(octets, at, rule->count, with_fx)) {
        *result = PARSE_BAD_ITEM;
        return 0;
    }
    const unsigned there = positions_in(at, with_fx);
    for (unsigned position = 1; position <= rule->count && position <= there; position++) {
        if (!presence(octets, position, with_fx)) {
            continue;
        }
        const size_t length = item_length(&rule->sub[position - 1u], octets + at, n - at, result);
        if (length == 0) {
            return 0;
        }
        at += length;
    }
    return at;
}
