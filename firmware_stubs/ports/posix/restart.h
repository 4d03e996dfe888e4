/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reset of the native box: the same program takes the process over; only the ptys stay as they are.
 * RIB-REC-001, RIB-REC-002. */
#ifndef RESTART_H
#define RESTART_H

#include <stdbool.h>

#include "hal.h"

enum { RESTART_FDS = 4 };

/* What the program before this one left. */
struct restart {
    enum hal_reset_cause cause;
    unsigned boots;       /* resets since the process was started */
    int fds[RESTART_FDS]; /* ptys: console master and slave, radar master and slave; -1 = none */
};

/* The state that a restart passed on, or that of a start by power. Call once, before anything else. */
struct restart restart_state(char **argv);

/* Never returns, unless the program is gone. May be called from a signal handler. */
void restart(const struct restart *next);

#endif
