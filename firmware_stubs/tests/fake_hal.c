/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fake_hal.h"

#include <string.h>

uint64_t hal_now_ns(struct hal *hal)
{
    return hal->now_ns;
}

bool hal_utc_ns(struct hal *hal, uint64_t *ns_since_midnight)
{
    *ns_since_midnight = hal->now_ns % 86400000000000u;
    return true;
}

bool hal_send(struct hal *hal, enum hal_output output, const uint8_t *octets, size_t n)
{
    if (hal->refuse_to_send || n > sizeof hal->last[output]) {
        return false;
    }
    hal->sent[output]++;
    hal->last_octets[output] = n;
    memcpy(hal->last[output], octets, n);
    return true;
}

void hal_console_write(struct hal *hal, const char *text, size_t n)
{
    if (n < sizeof hal->console - hal->console_used) {
        memcpy(hal->console + hal->console_used, text, n);
        hal->console_used += n;
        hal->console[hal->console_used] = '\0';
    }
}

void hal_trace_record(struct hal *hal, const uint8_t *record, size_t n)
{
    (void)hal;
    (void)record;
    (void)n;
}

size_t hal_build_id(struct hal *hal, uint8_t out[HAL_BUILD_ID_OCTETS])
{
    (void)hal;
    memset(out, 0xab, HAL_BUILD_ID_OCTETS);
    return HAL_BUILD_ID_OCTETS;
}

enum hal_reset_cause hal_reset_cause(struct hal *hal)
{
    (void)hal;
    return HAL_RESET_POWER;
}

unsigned hal_boots(struct hal *hal)
{
    (void)hal;
    return 0;
}

void hal_reset(struct hal *hal)
{
    (void)hal;
}

void hal_watchdog_feed(struct hal *hal)
{
    (void)hal;
}
