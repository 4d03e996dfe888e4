/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Plots in, track reports out: association, alpha-beta-gamma filter in Earth-centred coordinates, end of tracks.
 * Every plot that is not refused gives exactly one report, with the plot's own time of day. RIB-DEL-001, RIB-CNT-002,
 * RIB-CNT-003, RIB-CON-006. */
#ifndef TRACKER_H
#define TRACKER_H

#include "plot.h"
#include "sensor.h"
#include "track_record.h"
#include "track_table.h"

struct filter_gains {
    double alpha, beta, gamma;
};

struct tracker {
    struct track_table table;
    struct filter_gains gains;
};

void tracker_init(struct tracker *tracker, struct filter_gains gains);

/* Takes a plot of the radar with this index. FAULT_NONE: `report` is filled, `*begun` says whether the track is new;
 * FAULT_TABLE_FULL otherwise. */
enum plot_fault tracker_take(struct tracker *tracker, const struct sensors *sensors, unsigned sensor,
                             const struct plot *plot, uint64_t now_ns, struct track_report *report, bool *begun);

enum tracker_end { TRACKER_NONE_ENDS, TRACKER_ENDED, TRACKER_CORRUPT };

/* Ends the next track, from slot `*cursor` on, that had no plot for `coast_ns`, and reports it for the last time; a corrupt
 * one is left alone, and gives no report. Start with a cursor of 0. */
enum tracker_end tracker_end_next(struct tracker *tracker, unsigned *cursor, const struct sensors *sensors,
                                  uint64_t coast_ns, uint64_t now_ns, struct track_report *report);

#endif
