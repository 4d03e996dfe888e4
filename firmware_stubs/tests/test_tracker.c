/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One plot, one report; numbers that stay; the filter as docs/icd.md §2 writes it. */
#include <math.h>
#include <string.h>

#include "cmocka_all.h"
#include "tod.h"
#include "tracker.h"

static struct tracker tracker;
static struct sensors sensors;

static int set_up(void **state);
static struct plot plot_at(uint32_t tod, uint32_t address, double range_m, double azimuth_rad);
static struct track_report take(unsigned sensor, struct plot plot, bool *begun);

static void a_plot_with_a_known_address_keeps_its_number_wherever_it_is(void **state)
{
    bool begun = false;
    (void)state;
    const struct track_report first = take(0, plot_at(1000, 7, 100e3, 1.0), &begun);
    assert_true(begun);
    const struct track_report second = take(0, plot_at(1512, 7, 10e3, 4.0), &begun);
    assert_false(begun);
    assert_int_equal(first.number, second.number);
}

static void two_addresses_at_one_place_are_two_tracks(void **state)
{
    bool begun = false;
    (void)state;
    const struct track_report one = take(0, plot_at(1000, 7, 100e3, 1.0), &begun);
    const struct track_report other = take(0, plot_at(1512, 8, 100e3, 1.0), &begun);
    assert_true(begun);
    assert_int_not_equal(one.number, other.number);
}

static void two_radars_milliseconds_apart_do_not_kick_the_velocity(void **state)
{
    bool begun = false;
    struct track_report report;
    (void)state;
    for (uint32_t scan = 0; scan < 10; scan++) {
        (void)take(0, plot_at(1000 + 512 * scan, 7, 100e3, 1.0), &begun);
        report = take(1, plot_at(1002 + 512 * scan, 7, 100.2e3, 1.0), &begun); /* 200 m of bias */
    }
    assert_true(hypot(report.vx_mps, report.vy_mps) < 150.0);
}

static void a_late_plot_is_reported_at_its_own_time_and_moves_nothing(void **state)
{
    bool begun = false;
    (void)state;
    (void)take(0, plot_at(1000, 7, 100e3, 1.0), &begun);
    (void)take(0, plot_at(1512, 7, 100e3, 1.0), &begun);
    const struct track before = tracker.table.tracks[0];
    const struct track_report late = take(1, plot_at(1200, 7, 100e3, 1.0), &begun);
    assert_int_equal(late.tod, 1200);
    assert_int_equal(tracker.table.tracks[0].tod, before.tod);
    assert_memory_equal(&tracker.table.tracks[0].position, &before.position, sizeof before.position);
}

static void gamma_follows_an_acceleration_that_alpha_and_beta_lag_behind(void **state)
{
    double behind_m[2];
    (void)state;
    for (int with_gamma = 0; with_gamma < 2; with_gamma++) {
        struct track_report report = {0};
        bool begun = false;
        double range_m = 0.0;
        tracker_init(&tracker, (struct filter_gains){0.5, 0.4, with_gamma ? 0.1 : 0.0});
        for (uint32_t scan = 0; scan < 20; scan++) {
            range_m = 50e3 + 0.5 * 10.0 * (4.0 * scan) * (4.0 * scan);
            report = take(0, plot_at(1000 + 512 * scan, 7, range_m, 0.0), &begun);
        }
        const struct frame *radar = &sensors.list[0].frame;
        behind_m[with_gamma] = fabs(polar_from_ecef(radar, ecef_from_geodetic(report.at)).range_m - range_m);
    }
    assert_true(behind_m[1] < 0.2 * behind_m[0]);
}

static void time_differences_wrap_at_midnight(void **state)
{
    (void)state;
    assert_int_equal(tod_difference(5, TOD_TICKS_PER_DAY - 5), 10);
    assert_int_equal(tod_difference(TOD_TICKS_PER_DAY - 5, 5), -10);
}

static void what_a_field_cannot_carry_is_left_out(void **state)
{
    struct track_report report = {.has_velocity = true, .has_height = true, .vx_mps = 9000.0, .climb_mps = 2000.0};
    uint8_t record[TRACK_RECORD_OCTETS];
    (void)state;
    report.at.height_m = 60e3;
    report.x_m = 5e6;
    track_record_pack(&report, record);
    assert_int_equal((record[0] << 8) | record[1], VALID_105 | VALID_340_SID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_plot_with_a_known_address_keeps_its_number_wherever_it_is, set_up),
        cmocka_unit_test_setup(two_addresses_at_one_place_are_two_tracks, set_up),
        cmocka_unit_test_setup(two_radars_milliseconds_apart_do_not_kick_the_velocity, set_up),
        cmocka_unit_test_setup(a_late_plot_is_reported_at_its_own_time_and_moves_nothing, set_up),
        cmocka_unit_test_setup(gamma_follows_an_acceleration_that_alpha_and_beta_lag_behind, set_up),
        cmocka_unit_test(time_differences_wrap_at_midnight),
        cmocka_unit_test(what_a_field_cannot_carry_is_left_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

static int set_up(void **state)
{
    (void)state;
    memset(&sensors, 0, sizeof sensors);
    tracker_init(&tracker, (struct filter_gains){0.8, 0.5, 0.0});
    const struct geodetic site = {0.62, 2.44, 40.0};
    return sensors_put(&sensors, 1, 1, site) && sensors_put(&sensors, 1, 2, site) ? 0 : -1;
}

static struct plot plot_at(uint32_t tod, uint32_t address, double range_m, double azimuth_rad)
{
    return (struct plot){
        .tod = tod,
        .range_m = range_m,
        .azimuth_rad = azimuth_rad,
        .height_source = HEIGHT_FLIGHT_LEVEL,
        .height_m = 10000.0,
        .has_address = true,
        .address = address,
    };
}

static struct track_report take(unsigned sensor, struct plot plot, bool *begun)
{
    struct track_report report;
    assert_int_equal(tracker_take(&tracker, &sensors, sensor, &plot, 0, &report, begun), FAULT_NONE);
    assert_int_equal(report.tod, plot.tod);
    return report;
}
