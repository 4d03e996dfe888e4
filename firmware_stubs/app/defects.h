/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Faults that ship in real boxes, built in on purpose: `make posix DEFECT=name`. One at a time, chosen when compiling;
 * a build without DEFECT has none of their code. */
#ifndef DEFECTS_H
#define DEFECTS_H

#include <stdbool.h>

/* name, what is wrong with the box */
#define DEFECTS(X)                                                                                                     \
    X(delay_80ms, "every datagram leaves 80 ms late")                                                                  \
    X(lost_record, "one plot in 100 updates its track but gives no record")                                            \
    X(duplicate_record, "one record in 100 is sent twice")                                                             \
    X(longitude_sign, "the longitude of tracks is negated")                                                            \
    X(heartbeat_stops, "no CAT065 while there is no track")

enum defect {
    DEFECT_none,
#define DEFECT_NAME(name, what) DEFECT_##name,
    DEFECTS(DEFECT_NAME)
#undef DEFECT_NAME
};

#ifndef RIB_DEFECT
#define RIB_DEFECT none
#endif
#define DEFECT_PASTE(name) DEFECT_##name
#define DEFECT_OF(name) DEFECT_PASTE(name)

enum { DEFECT_BUILT_IN = DEFECT_OF(RIB_DEFECT) };

/* Folds to a constant. */
static inline bool defect(enum defect which)
{
    return which == (enum defect)DEFECT_BUILT_IN;
}

#endif
