/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Datagrams that leave late. Only defective boxes keep any: see defects.h. */
#ifndef HOLD_H
#define HOLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "block.h"
#include "defects.h"
#include "hal.h"

enum { HELD_MAX = DEFECT_HOLDS ? 1024 : 1 };

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
uint64_t hold_for_ns(struct hold *hold, uint64_t uptime_ns);

/* False: no room. */
bool hold_put(struct hold *hold, uint64_t due_ns, enum hal_output port, const uint8_t *octets, size_t n);

/* The datagram that is due first; NULL = none is held. */
struct held *hold_first(struct hold *hold);

#endif
