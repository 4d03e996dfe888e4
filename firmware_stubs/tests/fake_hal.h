/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A hal.h that tests and fuzzers hold in their hands: time stands still until it is moved, what is sent is kept. */
#ifndef FAKE_HAL_H
#define FAKE_HAL_H

#include "hal.h"

struct hal {
    uint64_t now_ns;
    unsigned sent[HAL_OUTPUTS];
    uint8_t last[HAL_OUTPUTS][2048];
    size_t last_octets[HAL_OUTPUTS];
    char console[8192];
    size_t console_used;
    bool refuse_to_send;
};

#endif
