/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The radars that the box is configured for: where they stand, how fast they turn, whether they are alive.
 * RIB-CON-008. */
#ifndef SENSOR_H
#define SENSOR_H

#include <stdbool.h>
#include <stdint.h>

#include "asterix.h"
#include "geodesy.h"

enum { SENSORS_MAX = 16 };

/* Values of I063/060 CON. */
enum sensor_state { SENSOR_OPERATIONAL = 0, SENSOR_DEGRADED = 1, SENSOR_INITIALISING = 2, SENSOR_NOT_CONNECTED = 3 };

struct sensor {
    uint8_t sac, sic;
    struct geodetic at;
    struct frame frame;
    double scan_s; /* antenna rotation period; 0 = not known yet */
    bool north_seen, plot_seen;
    uint64_t north_ns, plot_ns; /* box time of the last north marker, of the last plot */
    uint32_t north_tod;
    enum sensor_state shown; /* in the event log */
    uint8_t sector; /* last sector crossed, 360/256 degrees */
    uint32_t guard; /* of who and where it is */
};

struct sensors {
    struct sensor list[SENSORS_MAX];
    unsigned count;
};

/* Adds a sensor, or moves the one that has this SAC and SIC; false = no room. */
bool sensors_put(struct sensors *sensors, uint8_t sac, uint8_t sic, struct geodetic at);

/* Is who and where a sensor is still what was put there? */
bool sensor_is_whole(const struct sensor *sensor);

/* Index of the sensor, or -1. */
int sensors_find(const struct sensors *sensors, uint8_t sac, uint8_t sic);

/* Takes a CAT034 record that was parsed whole: north marker, sector, rotation speed. */
void sensors_service_message(struct sensors *sensors, const struct record *record, uint64_t now_ns);

enum sensor_state sensor_state(const struct sensor *sensor, uint64_t now_ns);

/* North markers come, plots do not (I063/060 NPW). */
bool sensor_without_plots(const struct sensor *sensor, uint64_t now_ns);

#endif
