/* SPDX-License-Identifier: GPL-2.0-or-later */
/* libFuzzer on a whole box. INPUT says which port the octets go to: BOX_RADAR_SERIAL, BOX_RADAR_ETH, BOX_LINK_IN or
 * BOX_CONSOLE. Frame checks are off in fuzz builds. What holds for any input is checked after each one. */
#include <stdlib.h>
#include <string.h>

#include "box.h"
#include "fake_hal.h"
#include "octets.h"

static struct hal hal;
static struct box box;

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t n);

static void power_up(void)
{
    struct box_config config = box_config_default();
    memset(&hal, 0, sizeof hal);
    if (!sensors_put(&config.sensors, 10, 20, (struct geodetic){0.62, 2.44, 40.0})) {
        abort();
    }
    box_init(&box, &config, &hal);
}

static void check_books(void)
{
    const struct counters *c = &box.counters;
    if (c->plots_in != c->tracks_out + c->missing_item + c->unknown_sensor + c->bad_time + c->test_target +
                           c->out_of_range + c->shed + c->table_full ||
        c->tracks_new - c->tracks_ended != box.tracker.table.live || c->malformed != 0) {
        abort();
    }
}

static void check_outputs(void)
{
    for (unsigned port = 0; port < HAL_OUTPUTS; port++) {
        const size_t n = hal.last_octets[port];
        if (n > MTU_MAX || (n > 0 && hal.last[port][0] == 62 && get_u16(hal.last[port] + 1) != n)) {
            abort();
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t n)
{
    power_up();
    for (size_t at = 0; at < n; at += 1400) { /* as a port would hand it over */
        box_receive(&box, INPUT, octets + at, n - at < 1400 ? n - at : 1400);
        hal.now_ns += 3000000;
        box_poll(&box);
        check_outputs();
    }
    if (!box.hangs) {
        hal.now_ns += 60000000000u;
        box_poll(&box);
    }
    check_outputs();
    check_books();
    return 0;
}
