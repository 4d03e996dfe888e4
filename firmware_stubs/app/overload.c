/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "overload.h"

#include "defects.h"

static const double KEPT_FOR_IDENTIFIED = 0.25; /* of the room: only plots with an address or a code may use it */
static const uint64_t SHOWN_NS = 2000000000u;

void overload_init(struct overload *overload, double capacity, uint64_t now_ns)
{
    *overload = (struct overload){.capacity = capacity, .room = capacity, .looked_ns = now_ns};
}

bool overload_admit(struct overload *overload, bool identified, uint64_t now_ns)
{
    overload->room += overload->capacity * (double)(now_ns - overload->looked_ns) * 1e-9;
    overload->looked_ns = now_ns;
    if (overload->room > overload->capacity) {
        overload->room = overload->capacity;
    }
    const double kept = identified != defect(DEFECT_shed_blindly) ? 0.0 : KEPT_FOR_IDENTIFIED * overload->capacity;
    if (overload->room - kept < 1.0) {
        overload->shed_ever = true;
        overload->shed_ns = now_ns;
        return false;
    }
    overload->room -= 1.0;
    return true;
}

bool overload_shows(const struct overload *overload, uint64_t now_ns)
{
    return !defect(DEFECT_overload_hides) && overload->shed_ever && now_ns - overload->shed_ns <= SHOWN_NS;
}
