/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "clock_watch.h"

#include <math.h>

#include "defects.h"
#include "time_units.h"

static const double STEP_NS = 50e6; /* more than any slewing does in a second */
static const uint64_t DISTRUST_NS = 10000000000u;

bool clock_watch_look(struct clock_watch *watch, uint64_t now_ns, uint64_t utc_ns)
{
    const double gone_ns = (double)(now_ns - watch->now_ns);
    const double astray_ns = remainder((double)utc_ns - (double)watch->utc_ns - gone_ns, (double)NS_PER_DAY);
    const bool step = !defect(DEFECT_clock_step_hidden) && watch->primed && fabs(astray_ns) > STEP_NS;
    if (step) {
        watch->stepped_ever = true;
        watch->stepped_ns = now_ns;
    }
    watch->primed = true;
    watch->now_ns = now_ns;
    watch->utc_ns = utc_ns;
    return step;
}

void clock_watch_restart(struct clock_watch *watch)
{
    watch->primed = false;
}

bool clock_watch_trusts(const struct clock_watch *watch, uint64_t now_ns)
{
    const bool lost = watch->pps_lost && !defect(DEFECT_pps_loss_hidden);
    const bool lately = now_ns - watch->stepped_ns < DISTRUST_NS || defect(DEFECT_distrust_forever);
    return !lost && !(watch->stepped_ever && lately);
}
