/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The track record of docs/icd.md §3: what the tracker hands to the formatter, in 56 octets. */
#ifndef TRACK_RECORD_H
#define TRACK_RECORD_H

#include <stdbool.h>
#include <stdint.h>

#include "geodesy.h"

enum {
    TRACK_RECORD_OCTETS = 56,
    TRACK_RECORD_VERSION = 1,

    /* where each field lies */
    AT_VALIDITY = 0,
    AT_NUMBER = 2,
    AT_VERSION = 4,
    AT_TOD = 5,
    AT_LATITUDE = 8,
    AT_LONGITUDE = 12,
    AT_X = 16,
    AT_Y = 19,
    AT_MODE_3A = 22,
    AT_VX = 24,
    AT_VY = 26,
    AT_STATUS = 28,
    AT_RESERVED_1 = 32,
    AT_ADDRESS = 33,
    AT_FLIGHT_LEVEL = 36,
    AT_ALTITUDE = 38,
    AT_CLIMB = 40,
    AT_SENSOR = 42,
    AT_MEASURED_HEIGHT = 44,
    AT_RESERVED_2 = 46,
    AT_IDENTIFICATION = 48,
    AT_RESERVED_3 = 55,

    /* bits of the validity word */
    VALID_105 = 0x8000,
    VALID_100 = 0x4000,
    VALID_185 = 0x2000,
    VALID_060 = 0x1000,
    VALID_245 = 0x0800,
    VALID_380_ADR = 0x0400,
    VALID_136 = 0x0200,
    VALID_130 = 0x0100,
    VALID_220 = 0x0080,
    VALID_340_SID = 0x0040,
    VALID_340_HEI = 0x0020,
    VALID_RESERVED = 0x001f,

    /* I062/080, octet by octet, FX left 0 */
    STATUS_MON = 0x80,
    STATUS_SPI = 0x40,
    STATUS_MRH = 0x20,
    STATUS_SRC_3D = 2 << 2,
    STATUS_SRC_DEFAULT = 6 << 2,
    STATUS_CNF = 0x02,
    STATUS1_SIM = 0x80,
    STATUS1_TSE = 0x40,
    STATUS1_TSB = 0x20,
    STATUS2_ME = 0x10,
    STATUS2_MI = 0x08,
    STATUS3_CST = 0x80,
};

/* A track at one time of day, in SI units. */
struct track_report {
    uint16_t number;
    uint32_t tod;
    struct geodetic at;
    double x_m, y_m; /* east and north in the plane at the system reference point */
    bool has_velocity, has_height, has_measured_height;
    double vx_mps, vy_mps, climb_mps; /* east, north, up at the track */
    double measured_height_m;
    bool has_mode_3a, has_identification, has_address, has_flight_level;
    uint16_t mode_3a; /* V, G, CH, 0, 12 bit */
    uint32_t address;
    int16_t flight_level; /* 1/4 FL */
    uint8_t identification[6];
    uint8_t sensor_sac, sensor_sic;
    uint8_t status[4]; /* I062/080 */
};

/* A value that its field cannot carry leaves its validity bit clear. */
void track_record_pack(const struct track_report *report, uint8_t record[TRACK_RECORD_OCTETS]);

#endif
