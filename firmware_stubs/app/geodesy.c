/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "geodesy.h"

#include "defects.h"

#include <math.h>

static const double SEMI_MAJOR_M = 6378137.0;
static const double FLATTENING = 1.0 / 298.257223563;
static const double TWO_PI = 6.28318530717958647692;

static double sine_of_an_angle(double sine);

struct vec3 vec3_add(struct vec3 a, struct vec3 b)
{
    return (struct vec3){a.x + b.x, a.y + b.y, a.z + b.z};
}

struct vec3 vec3_sub(struct vec3 a, struct vec3 b)
{
    return (struct vec3){a.x - b.x, a.y - b.y, a.z - b.z};
}

struct vec3 vec3_scale(struct vec3 a, double factor)
{
    return (struct vec3){a.x * factor, a.y * factor, a.z * factor};
}

double vec3_dot(struct vec3 a, struct vec3 b)
{
    return a.x * b.x + a.y * b.y + a.z * b.z;
}

struct vec3 ecef_from_geodetic(struct geodetic at)
{
    const double e2 = FLATTENING * (2.0 - FLATTENING);
    const double sin_lat = sin(at.latitude_rad);
    const double cos_lat = cos(at.latitude_rad);
    const double normal = SEMI_MAJOR_M / sqrt(1.0 - e2 * sin_lat * sin_lat);
    return (struct vec3){
        (normal + at.height_m) * cos_lat * cos(at.longitude_rad),
        (normal + at.height_m) * cos_lat * sin(at.longitude_rad),
        (normal * (1.0 - e2) + at.height_m) * sin_lat,
    };
}

/* Bowring 1976 with three rounds: below 1e-9 m from the ground to beyond 10,000 km, at every latitude. */
struct geodetic geodetic_from_ecef(struct vec3 at)
{
    const double e2 = FLATTENING * (2.0 - FLATTENING);
    const double semi_minor = SEMI_MAJOR_M * (1.0 - FLATTENING);
    const double second_e2 = e2 / (1.0 - e2);
    const double axis_distance = sqrt(at.x * at.x + at.y * at.y);
    double rise = at.z / (1.0 - e2); /* rise and run: the latitude's sine and cosine, times the same */
    double run = axis_distance;
    double length = 0.0;
    for (int round = 0; round < 3; round++) {
        const double reduced_rise = (1.0 - FLATTENING) * rise;
        length = sqrt(reduced_rise * reduced_rise + run * run);
        const double sin_reduced = reduced_rise / length;
        const double cos_reduced = run / length;
        rise = at.z + second_e2 * semi_minor * sin_reduced * sin_reduced * sin_reduced;
        run = axis_distance - e2 * SEMI_MAJOR_M * cos_reduced * cos_reduced * cos_reduced;
    }
    length = sqrt(rise * rise + run * run);
    const double sin_lat = rise / length;
    return (struct geodetic){
        atan2(defect(DEFECT_geocentric_latitude) ? rise * (1.0 - e2) : rise, run),
        atan2(at.y, at.x),
        axis_distance * run / length + at.z * sin_lat - SEMI_MAJOR_M * sqrt(1.0 - e2 * sin_lat * sin_lat),
    };
}

struct frame frame_at(struct geodetic at)
{
    const double sin_lat = sin(at.latitude_rad);
    const double cos_lat = cos(at.latitude_rad);
    const double sin_lon = sin(at.longitude_rad);
    const double cos_lon = cos(at.longitude_rad);
    return (struct frame){
        .origin = ecef_from_geodetic(at),
        .east = {-sin_lon, cos_lon, 0.0},
        .north = {-sin_lat * cos_lon, -sin_lat * sin_lon, cos_lat},
        .up = {cos_lat * cos_lon, cos_lat * sin_lon, sin_lat},
        .height_m = at.height_m,
    };
}

struct vec3 frame_rotate(const struct frame *frame, struct vec3 v)
{
    return (struct vec3){vec3_dot(frame->east, v), vec3_dot(frame->north, v), vec3_dot(frame->up, v)};
}

struct vec3 frame_local(const struct frame *frame, struct vec3 ecef_point)
{
    return frame_rotate(frame, vec3_sub(ecef_point, frame->origin));
}

struct vec3 frame_ecef(const struct frame *frame, struct vec3 at)
{
    const struct vec3 flat = vec3_add(vec3_scale(frame->east, at.x), vec3_scale(frame->north, at.y));
    return vec3_add(frame->origin, vec3_add(flat, vec3_scale(frame->up, at.z)));
}

struct polar polar_from_ecef(const struct frame *radar, struct vec3 ecef_point)
{
    const struct vec3 local = frame_local(radar, ecef_point);
    const double ground = sqrt(local.x * local.x + local.y * local.y);
    const double azimuth = atan2(local.x, local.y);
    return (struct polar){
        .range_m = sqrt(vec3_dot(local, local)),
        .azimuth_rad = azimuth < 0.0 ? azimuth + TWO_PI : azimuth,
        .elevation_rad = atan2(local.z, ground),
    };
}

struct vec3 ecef_from_polar(const struct frame *radar, struct polar at)
{
    const double ground = at.range_m * cos(at.elevation_rad);
    const struct vec3 local = {
        ground * sin(at.azimuth_rad), ground * cos(at.azimuth_rad), at.range_m * sin(at.elevation_rad)};
    return frame_ecef(radar, local);
}

double elevation_for_height(const struct frame *radar, double range_m, double azimuth_rad, double height_m)
{
    if (range_m < 1.0) {
        return 0.0;
    }
    /* Start on a sphere, then one step of Newton's method on the ellipsoid: within 3 cm at up to 800 km. */
    const double climb = height_m - radar->height_m;
    const double to_radar = SEMI_MAJOR_M + radar->height_m;
    const double on_sphere =
        sine_of_an_angle((climb * (2.0 * to_radar + climb) - range_m * range_m) / (2.0 * range_m * to_radar));
    const struct vec3 end = ecef_from_polar(radar, (struct polar){range_m, azimuth_rad, asin(on_sphere)});
    const double slope = range_m * to_radar / (SEMI_MAJOR_M + height_m); /* d height / d sine */
    return asin(sine_of_an_angle(on_sphere + (height_m - geodetic_from_ecef(end).height_m) / slope));
}

static double sine_of_an_angle(double sine)
{
    return fmax(-1.0, fmin(1.0, sine));
}
