/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Is the box's time of day to be trusted? Its source may be absent or lost, and a step or a leap second shows as UTC
 * that did not go on as the monotonic clock did. Times of tracks are the plots' own and never come from here.
 * RIB-TIM-003. */
#ifndef CLOCK_WATCH_H
#define CLOCK_WATCH_H

#include <stdbool.h>
#include <stdint.h>

struct clock_watch {
    bool primed;
    uint64_t now_ns, utc_ns; /* at the last look */
    bool stepped_ever;
    uint64_t stepped_ns; /* when a step was last seen */
    bool pps_lost;
};

/* Compares both clocks with the last look; true = a step. */
bool clock_watch_look(struct clock_watch *watch, uint64_t now_ns, uint64_t utc_ns);

/* The next look starts afresh: the clock was set on purpose. */
void clock_watch_restart(struct clock_watch *watch);

/* The pulse per second is there, and no step was seen in the last ten seconds. */
bool clock_watch_trusts(const struct clock_watch *watch, uint64_t now_ns);

#endif
