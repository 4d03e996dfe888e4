/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cat062.h"

#include <string.h>

#include "defects.h"
#include "octets.h"
#include "tod.h"
#include "track_record.h"
#include "uap_tables.h"

enum { CATEGORY = 62, FX = 1, STATUS_OCTETS = 4, FSPEC_MAX = 4 };

/* An item of the record: where it lies in the track record, and which validity bit it needs (0 = always there). */
struct field {
    uint8_t position; /* in the FSPEC */
    uint8_t at, octets;
    uint16_t valid;
};

static const struct field FIELDS[] = {
    {I062_070, AT_TOD, 3, 0},
    {I062_105, AT_LATITUDE, 8, VALID_105},
    {I062_100, AT_X, 6, VALID_100},
    {I062_185, AT_VX, 4, VALID_185},
    {I062_060, AT_MODE_3A, 2, VALID_060},
    {I062_245, AT_IDENTIFICATION, 7, VALID_245},
    {I062_380, AT_ADDRESS, 3, VALID_380_ADR},
    {I062_040, AT_NUMBER, 2, 0},
    {I062_080, AT_STATUS, STATUS_OCTETS, 0},
    {I062_136, AT_FLIGHT_LEVEL, 2, VALID_136},
    {I062_130, AT_ALTITUDE, 2, VALID_130},
    {I062_220, AT_CLIMB, 2, VALID_220},
};

static bool well_formed(const uint8_t *record, size_t n);
static size_t encode(const struct cat062 *formatter, const uint8_t *record, uint8_t *out);
static uint8_t *put_item(uint8_t *out, const struct field *field, const uint8_t *record);
static uint8_t *put_status(uint8_t *out, const uint8_t *status);
static uint8_t *put_measured(uint8_t *out, const uint8_t *record, unsigned valid);
static size_t put_fspec(uint8_t *out, const uint8_t *presence);
static void mark(uint8_t *presence, unsigned position);

void cat062_init(struct cat062 *formatter, uint8_t sac, uint8_t sic, uint8_t service, block_sink *sink, void *context)
{
    memset(formatter, 0, sizeof *formatter);
    formatter->sac = sac;
    formatter->sic = sic;
    formatter->service = service;
    block_init(&formatter->block, CATEGORY, sink, context);
}

void cat062_end(struct cat062 *formatter)
{
    (void)formatter;
}

void cat062_set_mtu(struct cat062 *formatter, uint16_t mtu)
{
    block_close(&formatter->block); /* an open block may be longer than the new MTU */
    formatter->block.mtu = mtu;
}

void cat062_set_flush_ns(struct cat062 *formatter, uint64_t flush_ns)
{
    formatter->block.flush_ns = flush_ns;
}

bool cat062_push(struct cat062 *formatter, const uint8_t *record, size_t n, uint64_t now_ns)
{
    uint8_t out[CAT062_RECORD_MAX];
    if (!well_formed(record, n)) {
        formatter->malformed++;
        return false;
    }
    formatter->records++;
    return block_add(&formatter->block, out, encode(formatter, record, out), now_ns);
}

bool cat062_pass(struct cat062 *formatter, const uint8_t *record, size_t n, uint64_t now_ns)
{
    return block_add(&formatter->block, record, n, now_ns);
}

void cat062_poll(struct cat062 *formatter, uint64_t now_ns)
{
    block_poll(&formatter->block, now_ns);
}

void cat062_flush(struct cat062 *formatter)
{
    block_close(&formatter->block);
}

uint64_t cat062_deadline_ns(const struct cat062 *formatter)
{
    return block_deadline_ns(&formatter->block);
}

struct cat062_clocks cat062_clocks(const struct cat062 *formatters, unsigned count)
{
    (void)formatters;
    (void)count;
    return (struct cat062_clocks){0};
}

static bool well_formed(const uint8_t *record, size_t n)
{
    return n == TRACK_RECORD_OCTETS && (get_u16(record + AT_VALIDITY) & VALID_RESERVED) == 0 &&
           record[AT_VERSION] == TRACK_RECORD_VERSION && get_u24(record + AT_TOD) < TOD_TICKS_PER_DAY &&
           ((record[AT_STATUS] | record[AT_STATUS + 1] | record[AT_STATUS + 2] | record[AT_STATUS + 3]) & FX) == 0 &&
           record[AT_RESERVED_1] == 0 && get_u16(record + AT_RESERVED_2) == 0 && record[AT_RESERVED_3] == 0;
}

static size_t encode(const struct cat062 *formatter, const uint8_t *record, uint8_t *out)
{
    uint8_t presence[FSPEC_MAX] = {0};
    uint8_t items[CAT062_RECORD_MAX];
    const unsigned valid = get_u16(record + AT_VALIDITY);
    uint8_t *end = items;
    *end++ = defect(DEFECT_sac_sic_mixed) ? record[AT_SENSOR] : formatter->sac;
    *end++ = defect(DEFECT_sac_sic_mixed) ? record[AT_SENSOR + 1] : formatter->sic;
    *end++ = formatter->service;
    mark(presence, I062_010);
    mark(presence, I062_015);
    for (unsigned i = 0; i < sizeof FIELDS / sizeof FIELDS[0]; i++) {
        if (FIELDS[i].valid == 0 || (valid & FIELDS[i].valid) != 0) {
            mark(presence, FIELDS[i].position);
            end = put_item(end, &FIELDS[i], record);
        }
    }
    if ((valid & (VALID_340_SID | VALID_340_HEI)) != 0) {
        mark(presence, I062_340);
        end = put_measured(end, record, valid);
    }
    if (defect(DEFECT_fspec_bit)) {
        mark(presence, I062_185);
    }
    const size_t fspec = put_fspec(out, presence);
    const size_t octets = (size_t)(end - items);
    memcpy(out + fspec, items, octets);
    return fspec + octets;
}

static uint8_t *put_item(uint8_t *out, const struct field *field, const uint8_t *record)
{
    if (field->position == I062_080) {
        return put_status(out, record + AT_STATUS);
    }
    if (field->position == I062_380) {
        *out++ = 0x80; /* its own FSPEC: ADR alone */
    }
    memcpy(out, record + field->at, field->octets);
    return out + field->octets;
}

/* I062/080 is as long as its last extent that says something. */
static uint8_t *put_status(uint8_t *out, const uint8_t *status)
{
    unsigned last = STATUS_OCTETS - 1;
    while (last > 0 && status[last] == 0) {
        last--;
    }
    for (unsigned i = 0; i <= last; i++) {
        *out++ = (uint8_t)(status[i] | (i < last && !defect(DEFECT_fx_missing) ? FX : 0));
    }
    return out;
}

/* I062/340: SID and HEI. */
static uint8_t *put_measured(uint8_t *out, const uint8_t *record, unsigned valid)
{
    const bool sensor = (valid & VALID_340_SID) != 0;
    const bool height = (valid & VALID_340_HEI) != 0;
    *out++ = (uint8_t)((sensor ? 0x80 : 0) | (height ? 0x20 : 0));
    if (sensor) {
        memcpy(out, record + AT_SENSOR, 2);
        out += 2;
    }
    if (height) {
        memcpy(out, record + AT_MEASURED_HEIGHT, 2);
        out += 2;
    }
    return out;
}

static size_t put_fspec(uint8_t *out, const uint8_t *presence)
{
    size_t octets = FSPEC_MAX;
    while (octets > 1 && presence[octets - 1] == 0) {
        octets--;
    }
    for (size_t i = 0; i < octets; i++) {
        out[i] = (uint8_t)(presence[i] | (i + 1 < octets ? FX : 0));
    }
    return octets;
}

static void mark(uint8_t *presence, unsigned position)
{
    presence[(position - 1u) / 7u] |= (uint8_t)(0x80u >> ((position - 1u) % 7u));
}
