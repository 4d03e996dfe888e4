/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Datagrams that leave late. Only defective boxes keep any: see defects.h. In a box that works nothing of
 * this file is left. */
#ifndef HOLD_H
#define HOLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "block.h"
#include "defects.h"
#include "hal.h"

enum { HOLD_MS = 1000000, HELD_MAX = DEFECT_HOLDS ? 1024 : 1 };

struct hold {
    struct held {
        uint64_t due_ns; /* 0 = free */
        enum hal_output port;
        size_t n;
        uint8_t octets[MTU_MAX];
    } list[HELD_MAX];
    uint64_t asked; /* datagrams so far */
};

/* How long the next datagram is held back: not at all, in a box that works. */
static inline uint64_t hold_for_ns(struct hold *hold, uint64_t uptime_ns)
{
    hold->asked++;
    switch (defect_built_in()) {
    case DEFECT_delay_80ms: return 80 * HOLD_MS;
    case DEFECT_late_datagram: return hold->asked % 1000 == 0 ? 60 * HOLD_MS : 0;
    case DEFECT_late_rarely: return hold->asked % 10000 == 0 ? 60 * HOLD_MS : 0;
    case DEFECT_latency_grows: return uptime_ns / 500; /* 2 ms a second */
    case DEFECT_jitter: return hold->asked * 7919 % 20 * HOLD_MS; /* a fixed, lively sequence */
    default: return 0;
    }
}

/* False: no room. */
static inline bool hold_put(struct hold *hold, uint64_t due_ns, enum hal_output port, const uint8_t *octets, size_t n)
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

/* The datagram that is due first; NULL = none is held. */
static inline struct held *hold_first(struct hold *hold)
{
    struct held *first = NULL;
    if (!DEFECT_HOLDS) {
        return NULL;
    }
    for (unsigned i = 0; i < HELD_MAX; i++) {
        struct held *held = &hold->list[i];
        if (held->due_ns != 0 && (first == NULL || held->due_ns < first->due_ns)) {
            first = held;
        }
    }
    return first;
}

#endif
