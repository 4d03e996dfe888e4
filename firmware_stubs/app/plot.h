/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A target report of one radar, from CAT048 or CAT015, in SI units; and why one is refused.
 * RIB-CON-005, RIB-ROB-003. */
#ifndef PLOT_H
#define PLOT_H

#include <stdbool.h>
#include <stdint.h>

#include "asterix.h"

/* In the order in which they are looked at: a plot with several faults counts under the first. */
enum plot_fault {
    FAULT_MISSING_ITEM,
    FAULT_UNKNOWN_SENSOR,
    FAULT_BAD_TIME,
    FAULT_TEST_TARGET,
    FAULT_OUT_OF_RANGE,
    FAULT_SHED,
    FAULT_TABLE_FULL,
    FAULT_NONE,
    FAULT_MEMORY, /* not the plot's: the track that it belongs to is corrupt */
};

enum height_source {
    HEIGHT_NONE,
    HEIGHT_FLIGHT_LEVEL, /* Mode C, taken as height above the ellipsoid */
    HEIGHT_MEASURED,     /* by a 3D radar */
};

struct plot {
    uint8_t sac, sic;
    uint32_t tod; /* 1/128 s since midnight UTC */
    double range_m, azimuth_rad, elevation_rad;
    bool has_elevation; /* the position does not wait for a height */
    enum height_source height_source;
    double height_m;

    bool has_address, has_mode_3a, has_flight_level, has_identification;
    uint32_t address;
    uint16_t mode_3a; /* as on the wire: V, G, L, 0, 12 bit */
    int16_t flight_level; /* 1/4 FL */
    uint8_t identification[6];

    bool simulated, special_identification, extrapolated, military_emergency, military_identification;
};

/* Fills `plot`; returns the faults as a set of bits (1 << enum plot_fault), those that need no knowledge of sensors. */
unsigned plot_from_cat048(const struct record *record, struct plot *plot);
unsigned plot_from_cat015(const struct record *record, struct plot *plot);

#endif
