/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the box says of itself and of its radars every second: CAT065 (SDPS status) and CAT063 (sensor status). */
#ifndef STATUS_H
#define STATUS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sensor.h"

enum { STATUS_OCTETS_MAX = 3 + 12 + 3 + SENSORS_MAX * 14 };

struct status {
    uint8_t sac, sic, service;
    uint32_t tod; /* 1/128 s */
    bool time_invalid;
    bool overload;
    bool renumbered; /* I065/040 STTN, which changes with every restart */
};

/* A CAT065 block, then a CAT063 block with a record for each sensor; octets written, at most STATUS_OCTETS_MAX. */
size_t status_blocks(const struct status *status, const struct sensors *sensors, uint64_t now_ns, uint8_t *out);

#endif
