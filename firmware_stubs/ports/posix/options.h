/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The command line of the native box (docs/icd.md §5). */
#ifndef OPTIONS_H
#define OPTIONS_H

#include <netinet/in.h>
#include <stdbool.h>

#include "box.h"

struct endpoint {
    bool given;
    struct sockaddr_in at;
    struct in_addr source; /* 0.0.0.0 = the kernel's choice */
    const char *text;
};

struct options {
    struct box_config box;
    const char *console, *radar_serial, *dump_records;
    unsigned boot_ms; /* how long the box takes to come up */
    struct endpoint radar_eth, link_in;
    struct endpoint out[HAL_OUTPUTS];
};

/* False: `argv` cannot be used, and one line on standard error says why. */
bool options_parse(int argc, char **argv, struct options *options);

#endif
