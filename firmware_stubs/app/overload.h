/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a box does with more plots than it is made for: it takes `capacity` a second and one second's worth at once;
 * beyond that it sheds, first the plots that say nothing of who they are, then any. RIB-OVL-001, RIB-OVL-002. */
#ifndef OVERLOAD_H
#define OVERLOAD_H

#include <stdbool.h>
#include <stdint.h>

enum { CAPACITY_DEFAULT = 4000, CAPACITY_MAX = 1000000 };

struct overload {
    double capacity; /* plots a second */
    double room;     /* plots that would be taken right now */
    uint64_t looked_ns;
    bool shed_ever;
    uint64_t shed_ns; /* when it last shed */
};

void overload_init(struct overload *overload, double capacity, uint64_t now_ns);

/* False: shed this plot. */
bool overload_admit(struct overload *overload, bool identified, uint64_t now_ns);

/* It shed within the last two seconds. */
bool overload_shows(const struct overload *overload, uint64_t now_ns);

#endif
