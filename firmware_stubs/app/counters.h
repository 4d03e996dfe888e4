/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Every counter of STAT:COUN?, in the order in which it is printed; docs/icd.md says what each one counts.
 * RIB-DEL-003, RIB-CON-009. */
#ifndef COUNTERS_H
#define COUNTERS_H

#include <stdint.h>

#define COUNTERS(X)                                                                                                    \
    X(frames_ok) X(bad_fcs) X(aborted) X(too_long) X(runt)                                                             \
    X(datagrams_in) X(blocks_in) X(bad_length) X(unknown_category)                                                     \
    X(plots_in) X(service_in) X(bad_fspec) X(truncated) X(bad_item)                                                    \
    X(missing_item) X(unknown_sensor) X(bad_time) X(test_target) X(out_of_range) X(shed) X(table_full)                 \
    X(tracks_out) X(tracks_new) X(tracks_ended)                                                                        \
    X(remote_in) X(remote_out) X(remote_refused) X(remote_status)                                                      \
    X(blocks_out) X(datagrams_out) X(send_errors) X(malformed) X(heartbeats)

struct counters {
#define COUNTER_FIELD(name) uint64_t name;
    COUNTERS(COUNTER_FIELD)
#undef COUNTER_FIELD
};

#endif
