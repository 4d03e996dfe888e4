/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Coordinates there and back again, everywhere and at every height. */
#include <math.h>

#include "cmocka_all.h"
#include "geodesy.h"

static const double DEGREES = 3.14159265358979323846 / 180.0;

static double distance(struct vec3 a, struct vec3 b);

static void geodetic_and_ecef_are_inverse(void **state)
{
    (void)state;
    for (int latitude = -90; latitude <= 90; latitude += 5) {
        for (int longitude = -180; longitude < 180; longitude += 30) {
            for (double height_m = -1000.0; height_m < 1e6; height_m = height_m < 0 ? 0.0 : height_m * 10.0 + 100.0) {
                const struct geodetic at = {latitude * DEGREES, longitude * DEGREES, height_m};
                const struct vec3 there = ecef_from_geodetic(at);
                assert_true(distance(ecef_from_geodetic(geodetic_from_ecef(there)), there) < 1e-6);
                assert_true(fabs(geodetic_from_ecef(there).height_m - height_m) < 1e-6);
            }
        }
    }
}

static void polar_and_ecef_are_inverse(void **state)
{
    const struct frame radar = frame_at((struct geodetic){35.5 * DEGREES, 139.7 * DEGREES, 40.0});
    (void)state;
    for (double azimuth = 0.0; azimuth < 6.2; azimuth += 0.3) {
        for (double elevation = -1.5; elevation < 1.5; elevation += 0.25) {
            const struct polar at = {123456.0, azimuth, elevation};
            const struct polar back = polar_from_ecef(&radar, ecef_from_polar(&radar, at));
            assert_true(fabs(back.range_m - at.range_m) < 1e-6);
            assert_true(fabs(back.elevation_rad - elevation) < 1e-9);
            assert_true(fabs(remainder(back.azimuth_rad - azimuth, 360.0 * DEGREES)) < 1e-9);
        }
    }
}

static void a_ray_ends_at_the_height_that_was_asked_for(void **state)
{
    (void)state;
    for (int latitude = -85; latitude <= 85; latitude += 17) {
        const struct frame radar = frame_at((struct geodetic){latitude * DEGREES, 1.0, 40.0});
        for (double range_m = 500.0; range_m < 480e3; range_m *= 1.7) {
            for (double height_m = -300.0; height_m < 30e3; height_m += 1111.0) {
                const double elevation = elevation_for_height(&radar, range_m, 2.0, height_m);
                const struct vec3 end = ecef_from_polar(&radar, (struct polar){range_m, 2.0, elevation});
                if (fabs(elevation) < 1.57) {
                    assert_true(fabs(geodetic_from_ecef(end).height_m - height_m) < 1e-3);
                } else { /* too short a ray to get there */
                    assert_true(range_m <= fabs(height_m - 40.0) + 1.0);
                }
            }
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(geodetic_and_ecef_are_inverse),
        cmocka_unit_test(polar_and_ecef_are_inverse),
        cmocka_unit_test(a_ray_ends_at_the_height_that_was_asked_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

static double distance(struct vec3 a, struct vec3 b)
{
    const struct vec3 apart = vec3_sub(a, b);
    return sqrt(vec3_dot(apart, apart));
}
