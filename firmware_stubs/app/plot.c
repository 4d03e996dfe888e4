/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "plot.h"

#include <math.h>
#include <string.h>

#include "defects.h"
#include "octets.h"
#include "tod.h"

static const double METRES_PER_NM = 1852.0;
static const double METRES_PER_FT = 0.3048;
static const double TWO_PI = 6.28318530717958647692;

enum { NOT_VALIDATED = 0x8000, GARBLED = 0x4000 };

static unsigned read_source_and_time(const uint8_t *source, const uint8_t *time, struct plot *plot);
static unsigned cat048_descriptor(const struct record *record, struct plot *plot, bool *extended_range);
static unsigned cat048_position(const struct record *record, bool extended_range, struct plot *plot);
static bool cat048_extended_range(const struct record *record, double *range_m);
static void cat048_height(const struct record *record, struct plot *plot);
static void cat048_identity(const struct record *record, struct plot *plot);
static const uint8_t *cat015_subfield(const struct record *record, unsigned item, unsigned position);
static unsigned cat015_position(const struct record *record, struct plot *plot);

unsigned plot_from_cat048(const struct record *record, struct plot *plot)
{
    memset(plot, 0, sizeof *plot);
    bool extended_range = false;
    unsigned faults = read_source_and_time(record->item[I048_010], record->item[I048_140], plot);
    faults |= cat048_descriptor(record, plot, &extended_range);
    faults |= cat048_position(record, extended_range, plot);
    cat048_height(record, plot);
    cat048_identity(record, plot);
    return faults;
}

unsigned plot_from_cat015(const struct record *record, struct plot *plot)
{
    memset(plot, 0, sizeof *plot);
    unsigned faults = read_source_and_time(record->item[I015_010], record->item[I015_145], plot);
    const uint8_t *descriptor = record->item[I015_020];
    if (descriptor != NULL) {
        const unsigned actual_or_not = (unsigned)(descriptor[0] >> 4) & 3u; /* TTAX */
        if (actual_or_not == 1) {
            faults |= 1u << FAULT_TEST_TARGET; /* a reference target */
        }
        plot->simulated = actual_or_not >= 2;
    }
    return faults | cat015_position(record, plot);
}

static unsigned read_source_and_time(const uint8_t *source, const uint8_t *time, struct plot *plot)
{
    if (source == NULL || time == NULL) {
        return 1u << FAULT_MISSING_ITEM;
    }
    plot->sac = source[0];
    plot->sic = source[1];
    plot->tod = get_u24(time);
    return plot->tod < TOD_TICKS_PER_DAY ? 0u : 1u << FAULT_BAD_TIME;
}

/* I048/020; without it the report is an ordinary one. */
static unsigned cat048_descriptor(const struct record *record, struct plot *plot, bool *extended_range)
{
    const uint8_t *descriptor = record->item[I048_020];
    if (descriptor == NULL) {
        return 0;
    }
    plot->extrapolated = (descriptor[0] & 0xe0u) == 0; /* TYP 0: no detection, the radar's own prediction */
    plot->simulated = (descriptor[0] & 0x10u) != 0;
    plot->special_identification = (descriptor[0] & 0x04u) != 0;
    if (record->item_length[I048_020] < 2) {
        return 0;
    }
    *extended_range = (descriptor[1] & 0x40u) != 0;
    plot->military_emergency = (descriptor[1] & 0x10u) != 0;
    plot->military_identification = (descriptor[1] & 0x08u) != 0;
    return (descriptor[1] & 0x80u) != 0 && !defect(DEFECT_test_target_taken) ? 1u << FAULT_TEST_TARGET : 0u;
}

static unsigned cat048_position(const struct record *record, bool extended_range, struct plot *plot)
{
    const uint8_t *position = record->item[I048_040];
    if (position == NULL) {
        return 1u << FAULT_MISSING_ITEM;
    }
    const unsigned rho = get_u16(position);
    plot->range_m = rho / 256.0 * (defect(DEFECT_admiralty_mile) ? 1853.184 : METRES_PER_NM);
    plot->azimuth_rad = get_u16(position + 2) / (defect(DEFECT_azimuth_lsb) ? 65535.0 : 65536.0) * TWO_PI;
    if (extended_range && !defect(DEFECT_expansion_ignored) && cat048_extended_range(record, &plot->range_m)) {
        return 0;
    }
    return rho == 0xffffu ? 1u << FAULT_OUT_OF_RANGE : 0u; /* beyond 256 NM, and ERR does not say how far */
}

/* Subfield ERR of the reserved expansion field: 24 bit, 1/256 NM. */
static bool cat048_extended_range(const struct record *record, double *range_m)
{
    const uint8_t *field = record->item[I048_RE];
    enum parse_result result = PARSE_OK;
    if (field == NULL || item_length(&ref048, field + 1, record->item_length[I048_RE] - 1u, &result) == 0) {
        return false;
    }
    const uint8_t *range = subfield(&ref048, field + 1, REF048_ERR);
    if (range == NULL) {
        return false;
    }
    *range_m = get_u24(range) / 256.0 * METRES_PER_NM;
    return true;
}

static void cat048_height(const struct record *record, struct plot *plot)
{
    const uint8_t *level = record->item[I048_090];
    const unsigned doubtful = NOT_VALIDATED | (defect(DEFECT_garbled_level_taken) ? 0u : GARBLED);
    if (level != NULL && (get_u16(level) & doubtful) == 0) {
        plot->has_flight_level = true;
        plot->flight_level = (int16_t)sign_extend(get_u16(level), defect(DEFECT_level_sign) ? 32 : 14);
        plot->height_source = HEIGHT_FLIGHT_LEVEL;
        plot->height_m = plot->flight_level * 25.0 * METRES_PER_FT;
    }
    const uint8_t *height = record->item[I048_110];
    if (height != NULL) {
        plot->height_source = HEIGHT_MEASURED;
        plot->height_m = sign_extend(get_u16(height), 14) * 25.0 * METRES_PER_FT;
    }
}

static void cat048_identity(const struct record *record, struct plot *plot)
{
    if (record->item[I048_220] != NULL) {
        plot->has_address = true;
        plot->address = get_u24(record->item[I048_220]);
    }
    if (record->item[I048_070] != NULL) {
        plot->has_mode_3a = true;
        plot->mode_3a = get_u16(record->item[I048_070]);
    }
    if (record->item[I048_240] != NULL) {
        plot->has_identification = true;
        memcpy(plot->identification, record->item[I048_240], sizeof plot->identification);
    }
}

static const uint8_t *cat015_subfield(const struct record *record, unsigned item, unsigned position)
{
    const uint8_t *octets = record->item[item];
    return octets == NULL ? NULL : subfield(&cat015.items[item - 1u], octets, position);
}

/* Range and azimuth, with elevation (I015/628) or height (I015/601). */
static unsigned cat015_position(const struct record *record, struct plot *plot)
{
    const uint8_t *range = cat015_subfield(record, I015_625, I015_625_R);
    const uint8_t *azimuth = cat015_subfield(record, I015_627, I015_627_AZ);
    const uint8_t *elevation = cat015_subfield(record, I015_628, I015_628_EL);
    const uint8_t *height = cat015_subfield(record, I015_601, I015_601_GH);
    if (range == NULL || azimuth == NULL) {
        return 1u << FAULT_MISSING_ITEM;
    }
    plot->range_m = sign_extend(get_u24(range), 24) * 0.1;
    plot->azimuth_rad = get_u16(azimuth) / 65536.0 * TWO_PI;
    if (elevation != NULL) {
        plot->has_elevation = true;
        const double steps = defect(DEFECT_elevation_lsb) ? 65536.0 : 131072.0; /* of the full circle */
        plot->elevation_rad = sign_extend(get_u16(elevation), 16) / steps * TWO_PI;
    }
    if (height != NULL) {
        plot->height_source = HEIGHT_MEASURED;
        plot->height_m = sign_extend(get_u24(height), 24) * 0.01;
    }
    return plot->range_m >= 0.0 ? 0u : 1u << FAULT_OUT_OF_RANGE;
}
