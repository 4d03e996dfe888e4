/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which track a plot belongs to: by 24-bit address, else by Mode 3/A in the gate, else the nearest in the gate.
 * RIB-CNT-001, RIB-CNT-005. */
#ifndef ASSOCIATION_H
#define ASSOCIATION_H

#include "plot.h"
#include "track_table.h"

/* The track, or NULL: the plot starts a new one. `sensor` is the index of the radar that made the plot. */
struct track *associate(struct track_table *table, const struct plot *plot, const struct sensor *radar,
                        unsigned sensor);

/* Where the plot lies. Without an elevation it takes the plot's height; without that, `default_height_m`. */
struct vec3 plot_position(const struct plot *plot, const struct frame *radar, double default_height_m);

/* Where the track is at this time of day. */
struct vec3 track_predict(const struct track *track, uint32_t tod);

/* A Mode 3/A code that was validated and not garbled. */
bool mode_3a_usable(const struct plot *plot);

#endif
