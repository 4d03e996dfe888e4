/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the native box runs on: its ptys and sockets, and hal.h over them. */
#ifndef MACHINE_H
#define MACHINE_H

#include <stdbool.h>
#include <stddef.h>

#include "hal.h"
#include "options.h"
#include "ports.h"
#include "restart.h"

enum { CONSOLE_PENDING_MAX = 16384 };

struct hal {
    struct options options;
    struct pty console, radar_serial;
    int radar_eth, link_in; /* -1 = not there */
    int out[HAL_OUTPUTS];
    int dump;
    char pending[CONSOLE_PENDING_MAX]; /* console output that the pty did not take yet */
    size_t pending_octets;
    struct restart boot;
};

/* Nothing is open. */
void machine_init(struct hal *machine);

/* Opens what the options name. False: one line on standard error says what failed; machine_close is still needed. */
bool machine_open(struct hal *machine);
void machine_close(struct hal *machine);

/* Hands the console what it did not take before. */
void machine_write_pending(struct hal *machine);

/* Starts the program anew; safe in a signal handler. */
void machine_reset(struct hal *machine, enum hal_reset_cause cause);

#endif
