/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Faults that ship in real boxes, built in on purpose: `make posix DEFECT=name`. One at a time, chosen when compiling;
 * a build without DEFECT has none of their code. */
#ifndef DEFECTS_H
#define DEFECTS_H

#include <stdbool.h>

/* name, the requirement that it breaks (lab_config/requirements.toml), what is wrong with the box */
#define DEFECTS(X)                                                                                                     \
    X(velocity_byte_order, "RIB-CON-006", "the octets of Vx are the wrong way round")                                  \
    X(velocity_sign, "RIB-CON-006", "westward speeds lose their sign bit")                                             \
    X(longitude_sign, "RIB-CON-005", "the longitude of tracks is negated")                                             \
    X(wgs84_lsb, "RIB-CON-005", "I062/105 with the step of another edition, 180/2^23 degrees")                         \
    X(azimuth_lsb, "RIB-CON-005", "azimuth read in steps of 360/65535 degrees")                                        \
    X(admiralty_mile, "RIB-CON-005", "range read in miles of 1,853.184 m")                                             \
    X(slant_range, "RIB-CON-005", "slant range taken for range over ground")                                           \
    X(elevation_lsb, "RIB-CON-005", "elevation of CAT015 read in steps of 360/2^16")                                   \
    X(expansion_ignored, "RIB-CON-005", "ranges beyond 256 NM are not looked for in the expansion field")              \
    X(geocentric_latitude, "RIB-CON-005", "latitude on a sphere instead of the ellipsoid")                             \
    X(flight_level_unit, "RIB-CON-004", "I062/136 in whole flight levels")                                             \
    X(level_sign, "RIB-CON-004", "levels below zero lose their sign")                                                  \
    X(garbled_level_taken, "RIB-CON-004", "a flight level that is garbled is taken for one")                           \
    X(mode_3a_not_validated, "RIB-CON-004", "V set in codes that were validated")                                      \
    X(identification_shifted, "RIB-CON-004", "I062/245 without its first character")                                   \
    X(sac_sic_mixed, "RIB-CON-004", "I062/010 names the radar instead of the box")                                     \
    X(first_sensor_named, "RIB-CON-004", "I062/340 names the first radar of the box, whoever saw the object")          \
    X(tentative_forever, "RIB-CON-004", "CNF is never cleared")                                                        \
    X(fspec_bit, "RIB-CON-001", "the FSPEC bit of I062/185 is set in records that do not carry it")                    \
    X(fx_missing, "RIB-CON-001", "no FX between the extents of I062/080")                                              \
    X(length_when_full, "RIB-CON-001", "LEN is 3 too low in a block closed by the MTU")                                \
    X(mtu_ignored, "RIB-CON-010", "blocks grow to 1,472 octets whatever the MTU")                                      \
    X(heartbeat_stops, "RIB-CON-002", "no CAT065 while there is no track")                                             \
    X(heartbeat_slow, "RIB-CON-002", "CAT065 every 1.6 s")                                                             \
    X(heartbeat_yields, "RIB-CON-002", "no CAT065 for a second in which a thousand plots came")                        \
    X(identity_short, "RIB-CON-003", "*IDN? without its serial number")                                                \
    X(error_queue_wraps, "RIB-CON-007", "the error queue forgets its oldest entries when it is full")                  \
    X(sensor_loss_hidden, "RIB-CON-008", "CAT063 says operational whether north markers come or not")                  \
    X(marker_period_ignored, "RIB-CON-008", "every antenna is taken to turn in 12 s")                                  \
    X(sector_lost, "RIB-CON-009", "CAT034 sector messages are not taken")                                              \
    X(counter_wrap, "RIB-DEL-003", "plots_in and tracks_out wrap at 256")                                              \
    X(slot_leak, "RIB-CON-009", "the slot of a track that ended stays taken")                                          \
    X(slot_leak_slow, "RIB-CNT-003", "one slot in ten of tracks that ended stays taken, though nothing says so")       \
    X(lost_record, "RIB-DEL-001", "one plot in 100 updates its track but gives no record")                             \
    X(lost_last_plot, "RIB-DEL-001", "the last record of a block of several is not read")                              \
    X(duplicate_record, "RIB-DEL-001", "one record in 100 is sent twice")                                              \
    X(duplicate_datagram, "RIB-DEL-001", "one datagram in 50 is sent twice")                                           \
    X(invented_record, "RIB-DEL-001", "one record in 100 is followed by one a scan ahead")                             \
    X(stale_time, "RIB-DEL-001", "a record carries the time of the plot before")                                       \
    X(box_time, "RIB-DEL-001", "time of track is the box's clock")                                                     \
    X(reordered, "RIB-DEL-002", "one record in 40 leaves after the next one")                                          \
    X(refusal_uncounted, "RIB-DEL-003", "refused plots are not counted by their cause")                                \
    X(remote_own_source, "RIB-DEL-004", "remote records get the box's own SAC and SIC")                                \
    X(remote_echo, "RIB-DEL-004", "remote records go back out of link_out")                                            \
    X(remote_lost, "RIB-DEL-004", "the first remote record of a datagram of several is lost")                          \
    X(number_change, "RIB-CNT-001", "a track gets another number every 20 plots")                                      \
    X(number_reuse, "RIB-CNT-004", "the number of a track that ended is given to the next one")                        \
    X(swap_on_crossing, "RIB-CNT-005", "tracks that come within 3 km trade their numbers")                             \
    X(merge_at_separation, "RIB-CNT-005", "a new object within 3 km of a track is taken for it")                       \
    X(sluggish_filter, "RIB-CNT-002", "alpha and beta a tenth of what they are set to")                                \
    X(older_plot_moves, "RIB-CNT-002", "a plot older than its track takes the track back in time")                     \
    X(end_silent, "RIB-CNT-003", "a track ends without its last record")                                               \
    X(end_time_invented, "RIB-CNT-003", "the last record of a track carries a time one second on")                     \
    X(delay_80ms, "RIB-TIM-001", "every datagram leaves 80 ms late")                                                   \
    X(late_datagram, "RIB-TIM-001", "one datagram in 1,000 leaves 60 ms late")                                         \
    X(late_rarely, "RIB-TIM-001", "one datagram in 10,000 leaves 60 ms late")                                          \
    X(latency_grows, "RIB-TIM-002", "every second of uptime adds 2 ms of delay")                                       \
    X(jitter, "RIB-TIM-001", "datagrams leave up to 20 ms late, each as it likes")                                     \
    X(flush_timer_drift, "RIB-TIM-002", "every block stays open 0.1 ms longer than the one before")                    \
    X(flush_by_next, "RIB-TIM-001", "a block leaves when the next record comes, not by its timer")                     \
    X(midnight_wrap, "RIB-TIM-004", "time differences do not wrap at midnight")                                        \
    X(pps_loss_hidden, "RIB-TIM-003", "a lost pulse per second is not flagged")                                        \
    X(clock_step_hidden, "RIB-TIM-003", "a clock step is not flagged")                                                 \
    X(distrust_forever, "RIB-TIM-003", "once the clock has stepped it is never trusted again")                         \
    X(fcs_seed, "RIB-DEL-001", "the FCS starts from 0")                                                                \
    X(fcs32_seed, "RIB-DEL-001", "the 32 bit FCS starts from 0")                                                       \
    X(fcs_ignored, "RIB-ROB-001", "frames with a bad FCS are taken")                                                   \
    X(escape_at_end, "RIB-DEL-001", "an escape at the end of a read is forgotten")                                     \
    X(long_frame_lost, "RIB-DEL-001", "frames of more than 255 octets are dropped without being counted")              \
    X(truncated_taken, "RIB-ROB-001", "a record that is cut short is read to the end all the same")                    \
    X(damage_spreads, "RIB-ROB-001", "a bad record takes the rest of its datagram with it")                            \
    X(crash_on_category, "RIB-ROB-002", "a category that it does not know ends the box")                               \
    X(test_target_taken, "RIB-ROB-003", "test targets make tracks")                                                    \
    X(unknown_sensor_taken, "RIB-ROB-003", "plots of unknown sensors are placed at the first sensor")                  \
    X(shed_uncounted, "RIB-OVL-001", "plots shed under overload are counted nowhere")                                  \
    X(shed_blindly, "RIB-OVL-001", "under overload plots with an identity are shed first")                             \
    X(overload_hides, "RIB-OVL-001", "OVL is not set under overload")                                                  \
    X(watchdog_starved, "RIB-OVL-002", "the watchdog is not fed under overload")                                       \
    X(reset_cause_lost, "RIB-REC-001", "the reset cause is always POWER")                                              \
    X(reset_keeps_block, "RIB-REC-002", "what was in an open block is sent after a reset")                             \
    X(stale_after_reset, "RIB-REC-002", "the last record of before a reset is sent again after it (simulated boxes)")  \
    X(memory_trusted, "RIB-REC-005", "tracks and settings are used whatever has become of them")

enum defect {
    DEFECT_none,
#define DEFECT_NAME(name, requirement, what) DEFECT_##name,
    DEFECTS(DEFECT_NAME)
#undef DEFECT_NAME
};

#ifndef RIB_DEFECT
#define RIB_DEFECT none
#endif
#define DEFECT_PASTE(name) DEFECT_##name
#define DEFECT_OF(name) DEFECT_PASTE(name)

#ifdef RIB_DEFECT_ANY
/* A build with all of them, for the simulator alone: chosen while it runs, for every box of the process. */
extern int rib_defect;
enum { DEFECT_HOLDS = 1 };

static inline int defect_built_in(void)
{
    return rib_defect;
}
#else
enum {
    DEFECT_BUILT_IN = DEFECT_OF(RIB_DEFECT),
    /* those that hold datagrams back; see hold.h */
    DEFECT_HOLDS = (int)DEFECT_BUILT_IN == (int)DEFECT_delay_80ms ||
                   (int)DEFECT_BUILT_IN == (int)DEFECT_late_datagram ||
                   (int)DEFECT_BUILT_IN == (int)DEFECT_late_rarely ||
                   (int)DEFECT_BUILT_IN == (int)DEFECT_latency_grows || (int)DEFECT_BUILT_IN == (int)DEFECT_jitter,
};

/* Folds to a constant. */
static inline int defect_built_in(void)
{
    return DEFECT_BUILT_IN;
}
#endif

static inline bool defect(enum defect which)
{
    return defect_built_in() == (int)which;
}

#endif
