/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "clock_watch.h"

#include "defects.h"

static const int64_t NS_PER_DAY = 86400000000000;
static const int64_t STEP_NS = 50000000; /* more than any slewing does in a second */
static const uint64_t DISTRUST_NS = 10000000000u;

bool clock_watch_look(struct clock_watch *watch, uint64_t now_ns, uint64_t utc_ns)
{
    int64_t astray = (int64_t)(utc_ns - watch->utc_ns) - (int64_t)(now_ns - watch->now_ns);
    astray %= NS_PER_DAY;
    astray += astray < -NS_PER_DAY / 2 ? NS_PER_DAY : 0;
    astray -= astray > NS_PER_DAY / 2 ? NS_PER_DAY : 0;
    const bool step = !defect(DEFECT_clock_step_hidden) && watch->primed && (astray > STEP_NS || astray < -STEP_NS);
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
