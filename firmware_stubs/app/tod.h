/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ASTERIX time of day: 1/128 s since midnight UTC, wrapping at midnight. RIB-TIM-004. */
#ifndef TOD_H
#define TOD_H

#include <stdint.h>

#include "defects.h"

enum { TOD_TICKS_PER_DAY = 86400 * 128 };

/* later - earlier in ticks, taken the short way round midnight. */
static inline int32_t tod_difference(uint32_t later, uint32_t earlier)
{
    const int32_t day = TOD_TICKS_PER_DAY;
    const int32_t difference = (int32_t)later - (int32_t)earlier;
    if (defect(DEFECT_midnight_wrap)) {
        return difference;
    }
    return difference > day / 2 ? difference - day : difference < -day / 2 ? difference + day : difference;
}

static inline uint32_t tod_from_ns(uint64_t ns_since_midnight)
{
    return (uint32_t)(ns_since_midnight * 128u / 1000000000u) % TOD_TICKS_PER_DAY;
}

#endif
