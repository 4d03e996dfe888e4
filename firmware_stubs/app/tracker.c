/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tracker.h"

#include <math.h>
#include <string.h>

#include "association.h"
#include "defects.h"
#include "tod.h"

static const double VELOCITY_BASE_S = 0.9; /* two plots closer in time than this tell no velocity */
static const double STEP_MIN_S = 1.0; /* plots of two radars, milliseconds apart, must not kick the velocity */
static const double LOST_M = 15000.0; /* a residual beyond this is a new start, under the same address */
static const double LOST_MPS2 = 100.0;

enum { MODE_3A_CODE = 0x0fff, MODE_3A_CHANGED = 0x2000, MODE_3A_DOUBTFUL = 0xc000 };

static struct vec3 filter(struct track *track, const struct filter_gains *gains, uint32_t tod, struct vec3 measured);
static void start(struct track *track, uint32_t tod, struct vec3 measured);
static struct vec3 find_velocity(struct track *track, uint32_t tod, struct vec3 measured);
static bool learn_identity(struct track *track, const struct plot *plot);
static void learn_sensor(struct track *track, unsigned sensor, uint32_t tod, uint64_t now_ns);
static void swap_numbers(struct track_table *table, struct track *track);
static void describe(const struct track *track, const struct sensors *sensors, uint32_t tod, struct vec3 position,
                     struct track_report *report);
static void describe_plot(const struct plot *plot, bool code_changed, struct track_report *report);

void tracker_init(struct tracker *tracker, struct filter_gains gains)
{
    track_table_init(&tracker->table);
    tracker->gains = gains;
}

enum plot_fault tracker_take(struct tracker *tracker, const struct sensors *sensors, unsigned sensor,
                             const struct plot *plot, uint64_t now_ns, struct track_report *report, bool *begun)
{
    const struct sensor *radar = &sensors->list[sensor];
    struct track *track = associate(&tracker->table, plot, radar, sensor);
    *begun = track == NULL;
    if (track != NULL && !track_is_whole(track)) {
        return FAULT_MEMORY;
    }
    if (track == NULL) {
        track = track_table_add(&tracker->table, now_ns);
        if (track == NULL) {
            return FAULT_TABLE_FULL;
        }
    }
    double height_m = radar->frame.height_m;
    if (track->has_height) {
        height_m = geodetic_from_ecef(track_predict(track, plot->tod)).height_m;
    }
    const struct vec3 measured = plot_position(plot, &radar->frame, height_m);
    struct vec3 position = measured;
    const uint32_t before = track->tod;
    if (*begun) {
        start(track, plot->tod, measured);
    } else {
        position = filter(track, &tracker->gains, plot->tod, measured);
    }
    track->plots++;
    track->has_height = track->has_height || plot->has_elevation || plot->height_source != HEIGHT_NONE;
    learn_sensor(track, sensor, plot->tod, now_ns);
    const bool code_changed = learn_identity(track, plot);
    if (defect(DEFECT_swap_on_crossing)) {
        swap_numbers(&tracker->table, track);
    }
    if (defect(DEFECT_number_change) && track->plots % 20 == 0) {
        track->number = (uint16_t)(track->number + 1000u);
    }
    track_seal(track);
    describe(track, sensors, plot->tod, position, report);
    describe_plot(plot, code_changed, report);
    if (defect(DEFECT_stale_time)) {
        report->tod = *begun ? plot->tod : before;
    }
    report->status[1] |= *begun ? STATUS1_TSB : 0;
    return FAULT_NONE;
}

enum tracker_end tracker_end_next(struct tracker *tracker, unsigned *cursor, const struct sensors *sensors,
                                  uint64_t coast_ns, uint64_t now_ns, struct track_report *report)
{
    while (*cursor < tracker->table.end) {
        struct track *track = &tracker->table.tracks[(*cursor)++];
        if (track->live && now_ns - track->updated_ns >= coast_ns) {
            if (!track_is_whole(track)) {
                return TRACKER_CORRUPT;
            }
            describe(track, sensors, track->tod, track->position, report);
            report->status[1] |= STATUS1_TSE;
            report->tod = (report->tod + (defect(DEFECT_end_time_invented) ? 128u : 0u)) % TOD_TICKS_PER_DAY;
            track_table_remove(&tracker->table, track, now_ns);
            return TRACKER_ENDED;
        }
    }
    return TRACKER_NONE_ENDS;
}

/* Moves the track to the plot and returns the position to report. A plot older than the track is reported at its own
 * time and leaves the track as it is. */
static struct vec3 filter(struct track *track, const struct filter_gains *gains, uint32_t tod, struct vec3 measured)
{
    if (!track->has_velocity) {
        return find_velocity(track, tod, measured);
    }
    const double dt_s = tod_difference(tod, track->tod) / 128.0;
    const struct vec3 predicted = track_predict(track, tod);
    const struct vec3 residual = vec3_sub(measured, predicted);
    if (sqrt(vec3_dot(residual, residual)) > LOST_M + 0.5 * LOST_MPS2 * dt_s * dt_s) {
        start(track, tod, measured);
        return measured;
    }
    const double share = defect(DEFECT_sluggish_filter) ? 0.1 : 1.0;
    const struct vec3 smoothed = vec3_add(predicted, vec3_scale(residual, share * gains->alpha));
    if (dt_s < 0.0 && !defect(DEFECT_older_plot_moves)) {
        return smoothed;
    }
    const double step_s = fmax(dt_s, STEP_MIN_S);
    track->velocity = vec3_add(track->velocity, vec3_scale(track->acceleration, dt_s));
    track->velocity = vec3_add(track->velocity, vec3_scale(residual, share * gains->beta / step_s));
    track->acceleration = vec3_add(track->acceleration, vec3_scale(residual, 2.0 * gains->gamma / (step_s * step_s)));
    track->position = smoothed;
    track->tod = tod;
    return smoothed;
}

static void start(struct track *track, uint32_t tod, struct vec3 measured)
{
    track->position = measured;
    track->velocity = (struct vec3){0.0, 0.0, 0.0};
    track->acceleration = (struct vec3){0.0, 0.0, 0.0};
    track->has_velocity = false;
    track->tod = tod;
    track->first_position = measured;
    track->first_tod = tod;
}

/* The first plot far enough in time from the first one gives the velocity; until then a track is where its plot is. */
static struct vec3 find_velocity(struct track *track, uint32_t tod, struct vec3 measured)
{
    const double base_s = tod_difference(tod, track->first_tod) / 128.0;
    if (tod_difference(tod, track->tod) >= 0) {
        track->position = measured;
        track->tod = tod;
    }
    if (base_s >= VELOCITY_BASE_S) {
        track->velocity = vec3_scale(vec3_sub(measured, track->first_position), 1.0 / base_s);
        track->has_velocity = true;
    }
    return measured;
}

/* True if the Mode 3/A code is not the one that the track had. */
static bool learn_identity(struct track *track, const struct plot *plot)
{
    bool changed = false;
    if (plot->has_address) {
        track->address = plot->address;
    }
    if (mode_3a_usable(plot)) {
        const uint16_t code = plot->mode_3a & MODE_3A_CODE;
        changed = track->has_mode_3a && track->mode_3a != code;
        track->mode_3a = code;
        track->has_mode_3a = true;
    }
    if (plot->has_identification) {
        memcpy(track->identification, plot->identification, sizeof track->identification);
        track->has_identification = true;
    }
    return changed;
}

static void learn_sensor(struct track *track, unsigned sensor, uint32_t tod, uint64_t now_ns)
{
    track->sensors |= (uint16_t)(1u << sensor);
    track->sensor_tod[sensor] = tod;
    track->last_sensor = (uint8_t)sensor;
    track->updated_ns = now_ns;
}

/* What a box does that loses its way when two tracks cross. */
static void swap_numbers(struct track_table *table, struct track *track)
{
    for (unsigned i = 0; i < table->end; i++) {
        struct track *other = &table->tracks[i];
        const struct vec3 apart = vec3_sub(track_predict(other, track->tod), track->position);
        if (other != track && other->live && !other->crossed && !track->crossed &&
            vec3_dot(apart, apart) < 3000.0 * 3000.0) {
            const uint16_t number = other->number;
            other->number = track->number;
            track->number = number;
            other->crossed = track->crossed = true;
            track_seal(other);
        }
    }
}

/* What the track itself knows. */
static void describe(const struct track *track, const struct sensors *sensors, uint32_t tod, struct vec3 position,
                     struct track_report *report)
{
    memset(report, 0, sizeof *report);
    report->number = track->number;
    report->tod = tod;
    report->at = geodetic_from_ecef(position);
    const struct vec3 plane = frame_local(&sensors->list[0].frame, position);
    report->x_m = plane.x;
    report->y_m = plane.y;
    const struct frame here = frame_at(report->at);
    const struct vec3 velocity = frame_rotate(&here, track->velocity);
    report->has_velocity = track->has_velocity;
    report->vx_mps = velocity.x;
    report->vy_mps = velocity.y;
    report->climb_mps = velocity.z;
    report->has_height = track->has_height;
    report->has_address = track->address != NO_ADDRESS;
    report->address = track->address;
    report->has_mode_3a = track->has_mode_3a;
    report->mode_3a = track->mode_3a;
    report->has_identification = track->has_identification;
    memcpy(report->identification, track->identification, sizeof report->identification);
    const struct sensor *seen_by = &sensors->list[defect(DEFECT_first_sensor_named) ? 0 : track->last_sensor];
    report->sensor_sac = seen_by->sac;
    report->sensor_sic = seen_by->sic;
    const bool one_sensor = (track->sensors & (track->sensors - 1u)) == 0;
    report->status[0] = (uint8_t)((one_sensor ? STATUS_MON : 0) | (track->has_height ? 0 : STATUS_SRC_DEFAULT) |
                                  (track->plots < 2 || defect(DEFECT_tentative_forever) ? STATUS_CNF : 0));
}

/* What only this plot says. */
static void describe_plot(const struct plot *plot, bool code_changed, struct track_report *report)
{
    if (!report->has_mode_3a && plot->has_mode_3a) { /* doubtful, and nothing better is known */
        report->has_mode_3a = true;
        report->mode_3a = plot->mode_3a & (MODE_3A_CODE | MODE_3A_DOUBTFUL);
    }
    if (code_changed) {
        report->mode_3a |= MODE_3A_CHANGED;
    }
    report->has_flight_level = plot->has_flight_level;
    report->flight_level = plot->flight_level;
    if (plot->height_source == HEIGHT_MEASURED || plot->has_elevation) {
        report->has_measured_height = true;
        report->measured_height_m = plot->height_source == HEIGHT_MEASURED ? plot->height_m : report->at.height_m;
        report->status[0] |= STATUS_MRH | STATUS_SRC_3D;
    }
    report->status[0] |= plot->special_identification ? STATUS_SPI : 0;
    report->status[1] |= plot->simulated ? STATUS1_SIM : 0;
    report->status[2] |= (uint8_t)((plot->military_emergency ? STATUS2_ME : 0) |
                                   (plot->military_identification ? STATUS2_MI : 0));
    report->status[3] |= plot->extrapolated ? STATUS3_CST : 0;
}
