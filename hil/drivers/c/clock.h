/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Reading CLOCK_REALTIME and waiting for an instant of it: sleep until shortly before, then spin.
 */
#ifndef HIL_CLOCK_H
#define HIL_CLOCK_H

#include <errno.h>
#include <stdint.h>
#include <time.h>

#define NS_PER_S 1000000000ll

static inline int64_t stamp_of(const struct timespec *t) { return (int64_t)t->tv_sec * NS_PER_S + t->tv_nsec; }

static inline int64_t now_ns(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_REALTIME, &t);
    return stamp_of(&t);
}

static inline void sleep_until(int64_t instant_ns)
{
    struct timespec t = {instant_ns / NS_PER_S, instant_ns % NS_PER_S};
    while (clock_nanosleep(CLOCK_REALTIME, TIMER_ABSTIME, &t, NULL) == EINTR) { }
}

/* Returns at `instant_ns`, or at once when it is past; gives the time it then is. */
static inline int64_t wait_until(int64_t instant_ns, int64_t spin_ns)
{
    int64_t now = now_ns();
    if (instant_ns - now > spin_ns) sleep_until(instant_ns - spin_ns);
    while ((now = now_ns()) < instant_ns) { }
    return now;
}

#endif
