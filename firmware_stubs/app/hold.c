/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "hold.h"

#include <string.h>

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
