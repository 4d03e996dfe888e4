/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The native box's watchdog: it bites when the process has used a second of processor time without feeding it. A
 * process that is stopped, or that gets no processor, does not count as hanging. RIB-ROB-002. */
#ifndef WATCHDOG_H
#define WATCHDOG_H

#include <stdbool.h>

/* `bite` runs in a signal handler. */
bool watchdog_start(void (*bite)(void));
void watchdog_feed(void);

#endif
