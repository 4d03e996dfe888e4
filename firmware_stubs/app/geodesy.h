/* SPDX-License-Identifier: GPL-2.0-or-later */
/* WGS-84 (NIMA TR8350.2): geodetic, Earth-centred and local east-north-up coordinates, and radar polar coordinates.
 * Radians and metres throughout. Heights are above the ellipsoid. */
#ifndef GEODESY_H
#define GEODESY_H

struct vec3 {
    double x, y, z;
};

struct geodetic {
    double latitude_rad, longitude_rad, height_m;
};

/* A local frame: east, north and up at a point of the Earth. */
struct frame {
    struct vec3 origin; /* ECEF */
    struct vec3 east, north, up;
    double height_m;
};

struct polar {
    double range_m;     /* slant */
    double azimuth_rad; /* from true north, clockwise, 0 … 2π */
    double elevation_rad;
};

struct vec3 vec3_add(struct vec3 a, struct vec3 b);
struct vec3 vec3_sub(struct vec3 a, struct vec3 b);
struct vec3 vec3_scale(struct vec3 a, double factor);
double vec3_dot(struct vec3 a, struct vec3 b);

struct vec3 ecef_from_geodetic(struct geodetic at);
struct geodetic geodetic_from_ecef(struct vec3 at);

struct frame frame_at(struct geodetic at);
struct vec3 frame_rotate(const struct frame *frame, struct vec3 ecef_vector); /* a vector, as east, north, up */
struct vec3 frame_local(const struct frame *frame, struct vec3 ecef_point);   /* a point, as east, north, up */
struct vec3 frame_ecef(const struct frame *frame, struct vec3 local_point);

struct polar polar_from_ecef(const struct frame *radar, struct vec3 ecef_point);
struct vec3 ecef_from_polar(const struct frame *radar, struct polar at);

/* The elevation at which a ray of this slant range and azimuth ends at `height_m`; straight up or down if it is too
 * short to get there. */
double elevation_for_height(const struct frame *radar, double range_m, double azimuth_rad, double height_m);

#endif
