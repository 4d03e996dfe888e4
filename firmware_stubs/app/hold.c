/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "hold.h"

#include <string.h>

static const uint64_t NS_PER_MS = 1000000u;

uint64_t hold_for_ns(struct hold *hold, uint64_t uptime_ns)
{
    hold->asked++;
    switch (defect_built_in()) {
    case DEFECT_delay_80ms: return 80 * NS_PER_MS;
    case DEFECT_late_datagram: return hold->asked % 1000 == 0 ? 60 * NS_PER_MS : 0;
    case DEFECT_latency_grows: return uptime_ns / 500; /* 2 ms a second */
    case DEFECT_jitter: return hold->asked * 7919 % 20 * NS_PER_MS; /* a fixed, lively sequence */
    default: return 0;
    }
}

bool hold_put(struct hold *hold, uint64_t due_ns, enum hal_output port, const uint8_t *octets, size_t n)
{
    for (unsigned i = 0; i < HELD_MAX && n <= MTU_MAX; i++) {
        struct held *held = &hold->list[i];
        if (held->due_ns == 0) {
            held->due_ns = due_ns;
            held->port = port;
            held->n = n;
            memcpy(held->octets, octets, n);
            return true;
        }
    }
    return false;
}

struct held *hold_first(struct hold *hold)
{
    struct held *first = NULL;
    for (unsigned i = 0; i < HELD_MAX; i++) {
        struct held *held = &hold->list[i];
        if (held->due_ns != 0 && (first == NULL || held->due_ns < first->due_ns)) {
            first = held;
        }
    }
    return first;
}
