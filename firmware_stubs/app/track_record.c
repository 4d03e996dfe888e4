/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "track_record.h"

#include <math.h>
#include <string.h>

#include "defects.h"
#include "octets.h"

static const double DEGREES = 180.0 / 3.14159265358979323846;
static const double METRES_PER_FT = 0.3048;
static const double WGS84_LSB_DEG = 180.0 / 33554432.0; /* 2^25 */

static bool quantise(double value, double lsb, unsigned bits, int32_t *out);
static bool put_pair(uint8_t *a, uint8_t *b, double first, double second, double lsb, unsigned bits);
static void put_signed(uint8_t *at, int32_t value, unsigned bits);
static unsigned pack_position(const struct track_report *report, uint8_t *record);
static void spoil_velocity(uint8_t *record);
static unsigned pack_vertical(const struct track_report *report, uint8_t *record);
static unsigned pack_identity(const struct track_report *report, uint8_t *record);

void track_record_pack(const struct track_report *report, uint8_t record[TRACK_RECORD_OCTETS])
{
    memset(record, 0, TRACK_RECORD_OCTETS);
    const unsigned valid =
        pack_position(report, record) | pack_vertical(report, record) | pack_identity(report, record) | VALID_340_SID;
    put_u16(record + AT_VALIDITY, (uint16_t)valid);
    put_u16(record + AT_NUMBER, report->number);
    record[AT_VERSION] = TRACK_RECORD_VERSION;
    put_u24(record + AT_TOD, report->tod);
    memcpy(record + AT_STATUS, report->status, sizeof report->status);
    record[AT_SENSOR] = report->sensor_sac;
    record[AT_SENSOR + 1] = report->sensor_sic;
}

static unsigned pack_position(const struct track_report *report, uint8_t *record)
{
    unsigned valid = 0;
    const double lsb_deg = defect(DEFECT_wgs84_lsb) ? 4.0 * WGS84_LSB_DEG : WGS84_LSB_DEG;
    const double latitude_deg = report->at.latitude_rad * DEGREES;
    const double longitude_deg = report->at.longitude_rad * DEGREES * (defect(DEFECT_longitude_sign) ? -1.0 : 1.0);
    if (put_pair(record + AT_LATITUDE, record + AT_LONGITUDE, latitude_deg, longitude_deg, lsb_deg, 32)) {
        valid |= VALID_105;
    }
    if (put_pair(record + AT_X, record + AT_Y, report->x_m, report->y_m, 0.5, 24)) {
        valid |= VALID_100;
    }
    if (report->has_velocity && put_pair(record + AT_VX, record + AT_VY, report->vx_mps, report->vy_mps, 0.25, 16)) {
        valid |= VALID_185;
        spoil_velocity(record);
    }
    return valid;
}

static void spoil_velocity(uint8_t *record)
{
    if (defect(DEFECT_velocity_byte_order)) {
        const uint8_t low = record[AT_VX + 1];
        record[AT_VX + 1] = record[AT_VX];
        record[AT_VX] = low;
    }
    if (defect(DEFECT_velocity_sign)) {
        record[AT_VX] &= 0x7f;
    }
}

/* I062/130 goes from -1,500 to 150,000 ft by its definition, though its field could carry more. */
static unsigned pack_vertical(const struct track_report *report, uint8_t *record)
{
    unsigned valid = 0;
    int32_t value = 0;
    const double altitude_ft = report->at.height_m / METRES_PER_FT;
    if (report->has_height && altitude_ft >= -1500.0 && altitude_ft <= 150000.0 &&
        quantise(altitude_ft, 6.25, 16, &value)) {
        put_signed(record + AT_ALTITUDE, value, 16);
        valid |= VALID_130;
    }
    if (report->has_height && report->has_velocity &&
        quantise(report->climb_mps / METRES_PER_FT * 60.0, 6.25, 16, &value)) {
        put_signed(record + AT_CLIMB, value, 16);
        valid |= VALID_220;
    }
    if (report->has_measured_height && quantise(report->measured_height_m / METRES_PER_FT, 25.0, 16, &value)) {
        put_signed(record + AT_MEASURED_HEIGHT, value, 16);
        valid |= VALID_340_HEI;
    }
    return valid;
}

static unsigned pack_identity(const struct track_report *report, uint8_t *record)
{
    unsigned valid = 0;
    if (report->has_mode_3a) {
        put_u16(record + AT_MODE_3A, report->mode_3a | (defect(DEFECT_mode_3a_not_validated) ? 0x8000u : 0u));
        valid |= VALID_060;
    }
    if (report->has_identification) { /* STI 0: downlinked by the target */
        memcpy(record + AT_IDENTIFICATION + 1, report->identification, sizeof report->identification);
        if (defect(DEFECT_identification_shifted)) {
            record[AT_IDENTIFICATION + 1] = (uint8_t)(report->identification[0] << 6);
        }
        valid |= VALID_245;
    }
    if (report->has_address) {
        put_u24(record + AT_ADDRESS, report->address);
        valid |= VALID_380_ADR;
    }
    /* I062/136 goes from FL -15 to 1,500 by its definition, though its field could carry more */
    if (report->has_flight_level && report->flight_level >= -15 * 4 && report->flight_level <= 1500 * 4) {
        const int per_step = defect(DEFECT_flight_level_unit) ? 4 : 1;
        put_u16(record + AT_FLIGHT_LEVEL, (uint16_t)(report->flight_level / per_step));
        valid |= VALID_136;
    }
    return valid;
}

/* Rounds to the nearest step; false if the field has not enough bits. */
static bool quantise(double value, double lsb, unsigned bits, int32_t *out)
{
    const double steps = round(value / lsb);
    const double limit = ldexp(1.0, (int)bits - 1);
    if (!(steps >= -limit && steps < limit)) {
        return false;
    }
    *out = (int32_t)steps;
    return true;
}

static bool put_pair(uint8_t *a, uint8_t *b, double first, double second, double lsb, unsigned bits)
{
    int32_t one = 0;
    int32_t two = 0;
    if (!quantise(first, lsb, bits, &one) || !quantise(second, lsb, bits, &two)) {
        return false;
    }
    put_signed(a, one, bits);
    put_signed(b, two, bits);
    return true;
}

static void put_signed(uint8_t *at, int32_t value, unsigned bits)
{
    switch (bits) {
    case 16: put_u16(at, (uint16_t)value); break;
    case 24: put_u24(at, (uint32_t)value & 0xffffffu); break;
    default: put_u32(at, (uint32_t)value); break;
    }
}
