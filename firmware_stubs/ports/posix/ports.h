/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Ptys and UDP sockets of the native box. Each function that can fail prints one line that says what and why. */
#ifndef PORTS_H
#define PORTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "options.h"

struct pty {
    int master; /* -1 = not there */
    int slave;  /* kept open, or the master would see a hang-up whenever a client leaves */
    const char *link;
    char slave_name[64];
};

/* Opens a pty in raw mode and makes `link` a symlink to its slave side; a symlink that is there already is replaced. */
bool pty_open(struct pty *pty, const char *port, const char *link);
void pty_close(struct pty *pty);

/* Takes over a pty that was open before a restart; what waits in it is lost. */
bool pty_adopt(struct pty *pty, const char *port, const char *link, int master, int slave);

/* A non-blocking socket that receives on `at`; -1 = failed. */
int udp_receiver(const char *port, const struct endpoint *at);

/* A non-blocking socket that sends from at->source; -1 = failed. */
int udp_sender(const char *port, const struct endpoint *at);

#endif
