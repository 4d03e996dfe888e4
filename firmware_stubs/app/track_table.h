/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The tracks that live, and the numbers they go by. Knows nothing of filters or gates. */
#ifndef TRACK_TABLE_H
#define TRACK_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "geodesy.h"
#include "sensor.h"

#ifndef RIB_TRACKS_MAX
#define RIB_TRACKS_MAX 4000
#endif

enum {
    TRACKS_MAX = RIB_TRACKS_MAX,
    TRACK_NUMBERS = 65536, /* I062/040 has 16 bit; 0 is never given */
    NUMBER_REST_S = 60,    /* a number stays unused this long after its track ended; RIB-CNT-004 */
};

#define NO_ADDRESS UINT32_MAX

struct track {
    bool live;
    uint16_t number;
    uint32_t address; /* 24 bit, or NO_ADDRESS */
    bool has_mode_3a, has_identification, has_velocity, has_height;
    uint16_t mode_3a; /* 12 bit, validated */
    uint8_t identification[6];
    uint32_t plots; /* that it was made of */

    uint32_t tod; /* of the state below, 1/128 s */
    struct vec3 position, velocity, acceleration; /* ECEF, SI */
    struct vec3 first_position; /* from which the velocity will be found */
    uint32_t first_tod;

    uint64_t updated_ns; /* box time of the last plot */
    uint16_t sensors; /* a bit for each sensor that ever saw it */
    uint32_t sensor_tod[SENSORS_MAX]; /* of the last plot by each of them */
    uint8_t last_sensor;
    bool crossed; /* see swap_on_crossing in defects.h */
    uint32_t guard; /* of everything above, since it was sealed */
};

struct track_table {
    struct track tracks[TRACKS_MAX];
    unsigned live;
    unsigned end; /* no live track at or after this index */
    uint32_t number_free_at_s[TRACK_NUMBERS]; /* box time in seconds, UINT32_MAX = in use */
    uint16_t last_number;
};

void track_table_init(struct track_table *table);

/* A fresh live track with a number of its own, or NULL: no slot, or no number that has rested long enough. */
struct track *track_table_add(struct track_table *table, uint64_t now_ns);

/* Whoever has changed a track seals it; is it still as it was sealed? */
void track_seal(struct track *track);
bool track_is_whole(const struct track *track);

void track_table_remove(struct track_table *table, struct track *track, uint64_t now_ns);

#endif
