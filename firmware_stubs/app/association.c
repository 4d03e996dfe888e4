/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "association.h"

#include <math.h>
#include <stddef.h>

#include "defects.h"
#include "tod.h"

/* What the gate is made of: 4 sigma of a surveillance radar and of what a target may do meanwhile. */
static const double GATE_RANGE_M = 4.0 * 100.0;
static const double GATE_AZIMUTH_RAD = 4.0 * 0.15 * 3.14159265358979323846 / 180.0;
static const double GATE_HEIGHT_M = 4.0 * 75.0;
static const double ACCELERATION_MPS2 = 40.0;  /* of a track whose velocity is known */
static const double SPEED_MPS = 1000.0;        /* of a track that has one plot only */
static const double SPEED_BALLISTIC_MPS = 8000.0; /* the same, for reports with an elevation (CAT015) */
static const double HEIGHT_UNKNOWN_M = 25000.0; /* how far a plot without height may seem to be from its object */

enum { MODE_3A_CODE = 0x0fff, MODE_3A_DOUBTFUL = 0xc000 };

/* How a plot sees its surroundings; made once per plot. */
struct view {
    const struct plot *plot;
    const struct sensor *radar;
    unsigned sensor;
    struct vec3 position;
};

static struct track *close_by(struct track_table *table, const struct plot *plot, const struct sensor *radar);
static bool identities_conflict(const struct track *track, const struct plot *plot);
static bool seen_this_scan(const struct track *track, const struct view *view);
static double gate_distance(const struct track *track, const struct view *view);
static bool clearly_elsewhere(const struct track *track, const struct view *view, double dt_s, double growth_m);

struct track *associate(struct track_table *table, const struct plot *plot, const struct sensor *radar,
                        unsigned sensor)
{
    if (plot->has_address) {
        for (unsigned i = 0; i < table->end; i++) {
            if (table->tracks[i].address == plot->address && table->tracks[i].live) {
                return &table->tracks[i];
            }
        }
    }
    if (defect(DEFECT_merge_at_separation)) {
        return close_by(table, plot, radar);
    }
    const struct view view = {plot, radar, sensor, plot_position(plot, &radar->frame, radar->frame.height_m)};
    struct track *nearest = NULL;
    bool nearest_by_code = false;
    double nearest_distance = 1.0; /* the edge of the gate */
    for (unsigned i = 0; i < table->end; i++) {
        struct track *track = &table->tracks[i];
        if (!track->live || identities_conflict(track, plot) || seen_this_scan(track, &view)) {
            continue;
        }
        const bool by_code = mode_3a_usable(plot) && track->has_mode_3a; /* equal, or they would conflict */
        if (nearest_by_code && !by_code) {
            continue;
        }
        const double distance = gate_distance(track, &view);
        if (distance <= 1.0 && (distance < nearest_distance || (by_code && !nearest_by_code))) {
            nearest = track;
            nearest_by_code = by_code;
            nearest_distance = distance;
        }
    }
    return nearest;
}

struct vec3 plot_position(const struct plot *plot, const struct frame *radar, double default_height_m)
{
    struct polar at = {plot->range_m, plot->azimuth_rad, plot->elevation_rad};
    if (!plot->has_elevation) {
        const double height_m = plot->height_source == HEIGHT_NONE ? default_height_m : plot->height_m;
        at.elevation_rad = elevation_for_height(radar, at.range_m, at.azimuth_rad, height_m);
        if (defect(DEFECT_slant_range)) {
            at.range_m /= cos(at.elevation_rad);
        }
    }
    return ecef_from_polar(radar, at);
}

struct vec3 track_predict(const struct track *track, uint32_t tod)
{
    const double dt_s = tod_difference(tod, track->tod) / 128.0;
    const struct vec3 moved = vec3_add(track->position, vec3_scale(track->velocity, dt_s));
    return vec3_add(moved, vec3_scale(track->acceleration, 0.5 * dt_s * dt_s));
}

bool mode_3a_usable(const struct plot *plot)
{
    return plot->has_mode_3a && (plot->mode_3a & MODE_3A_DOUBTFUL) == 0;
}

/* What a box does that merges objects which separate: whoever is near is the same. */
static struct track *close_by(struct track_table *table, const struct plot *plot, const struct sensor *radar)
{
    const struct vec3 here = plot_position(plot, &radar->frame, radar->frame.height_m);
    for (unsigned i = 0; i < table->end; i++) {
        const struct vec3 apart = vec3_sub(track_predict(&table->tracks[i], plot->tod), here);
        if (table->tracks[i].live && vec3_dot(apart, apart) < 3000.0 * 3000.0) {
            return &table->tracks[i];
        }
    }
    return NULL;
}

/* Position alone never bridges two identities: it would move a number from one object to another. */
static bool identities_conflict(const struct track *track, const struct plot *plot)
{
    if (plot->has_address && track->address != NO_ADDRESS && track->address != plot->address) {
        return true;
    }
    return mode_3a_usable(plot) && track->has_mode_3a && track->mode_3a != (plot->mode_3a & MODE_3A_CODE);
}

/* A radar sees an object once per turn: a second plot in the same turn is another object. */
static bool seen_this_scan(const struct track *track, const struct view *view)
{
    if ((track->sensors & (1u << view->sensor)) == 0) {
        return false;
    }
    const double half_scan_s = view->radar->scan_s > 0.0 ? 0.5 * view->radar->scan_s : 0.5;
    return fabs(tod_difference(view->plot->tod, track->sensor_tod[view->sensor]) / 128.0) < half_scan_s;
}

/* 0 at the predicted position, 1 at the edge of the gate. */
static double gate_distance(const struct track *track, const struct view *view)
{
    const struct plot *plot = view->plot;
    const double dt_s = fabs(tod_difference(plot->tod, track->tod) / 128.0);
    const double speed_mps = plot->has_elevation ? SPEED_BALLISTIC_MPS : SPEED_MPS;
    const double growth_m = track->has_velocity ? 0.5 * ACCELERATION_MPS2 * dt_s * dt_s : speed_mps * dt_s;
    if (clearly_elsewhere(track, view, dt_s, growth_m)) {
        return HUGE_VAL;
    }
    const struct vec3 predicted = track_predict(track, plot->tod);
    const struct polar expected = polar_from_ecef(&view->radar->frame, predicted);
    const double across_rad = remainder(plot->azimuth_rad - expected.azimuth_rad, 2.0 * 3.14159265358979323846);
    const double ground_m = expected.range_m * cos(expected.elevation_rad);
    const double along = (plot->range_m - expected.range_m) / (GATE_RANGE_M + growth_m);
    const double across = ground_m * across_rad / (GATE_AZIMUTH_RAD * ground_m + GATE_RANGE_M + growth_m);
    double square = along * along + across * across;
    if (track->has_height && (plot->has_elevation || plot->height_source != HEIGHT_NONE)) {
        const double climb_m = geodetic_from_ecef(view->position).height_m - geodetic_from_ecef(predicted).height_m;
        const double spread_m = plot->has_elevation ? GATE_AZIMUTH_RAD * plot->range_m : 0.0;
        const double up = climb_m / (GATE_HEIGHT_M + spread_m + growth_m);
        square += up * up;
    }
    return sqrt(square);
}

/* A cheap look before the trigonometry. */
static bool clearly_elsewhere(const struct track *track, const struct view *view, double dt_s, double growth_m)
{
    const struct vec3 apart = vec3_sub(view->position, track->position);
    const double reach_m = HEIGHT_UNKNOWN_M + 2.0 * (GATE_RANGE_M + growth_m) +
                           2.0 * GATE_AZIMUTH_RAD * view->plot->range_m +
                           dt_s * (fabs(track->velocity.x) + fabs(track->velocity.y) + fabs(track->velocity.z));
    return vec3_dot(apart, apart) > reach_m * reach_m;
}
