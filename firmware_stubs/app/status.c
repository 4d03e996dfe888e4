/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "status.h"

#include <string.h>

#include "octets.h"

enum {
    SDPS_STATUS = 1, /* I065/000 */

    /* I065/040 */
    SDPS_OVERLOAD = 0x20,
    SDPS_TIME_INVALID = 0x10,
    SDPS_1_SELECTED = 0x04,
    SDPS_RENUMBERED = 0x02,

    /* I063/060 */
    SENSOR_CON_SHIFT = 6,
    SENSOR_FX = 0x01,
    SENSOR_TIME_INVALID = 0x08,
    SENSOR_NO_PLOTS = 0x04,

    FSPEC_065 = 0xf4, /* 010, 000, 015, 030, 040 */
    FSPEC_063 = 0xf8, /* 010, 015, 030, 050, 060 */
};

static size_t sdps_block(const struct status *status, uint8_t *out);
static size_t sensor_block(const struct status *status, const struct sensors *sensors, uint64_t now_ns, uint8_t *out);
static size_t sensor_record(const struct status *status, const struct sensor *sensor, uint64_t now_ns, uint8_t *out);

size_t status_blocks(const struct status *status, const struct sensors *sensors, uint64_t now_ns, uint8_t *out)
{
    const size_t n = sdps_block(status, out);
    return sensors->count == 0 ? n : n + sensor_block(status, sensors, now_ns, out + n);
}

static size_t sdps_block(const struct status *status, uint8_t *out)
{
    out[0] = cat065.number;
    out[3] = FSPEC_065;
    out[4] = status->sac;
    out[5] = status->sic;
    out[6] = SDPS_STATUS;
    out[7] = status->service;
    put_u24(out + 8, status->tod);
    out[11] = (uint8_t)((status->overload ? SDPS_OVERLOAD : 0) | (status->time_invalid ? SDPS_TIME_INVALID : 0) |
                        SDPS_1_SELECTED | (status->renumbered ? SDPS_RENUMBERED : 0));
    put_u16(out + 1, 12);
    return 12;
}

static size_t sensor_block(const struct status *status, const struct sensors *sensors, uint64_t now_ns, uint8_t *out)
{
    size_t n = 3;
    out[0] = cat063.number;
    for (unsigned i = 0; i < sensors->count; i++) {
        n += sensor_record(status, &sensors->list[i], now_ns, out + n);
    }
    put_u16(out + 1, (uint16_t)n);
    return n;
}

static size_t sensor_record(const struct status *status, const struct sensor *sensor, uint64_t now_ns, uint8_t *out)
{
    const unsigned extent = (status->time_invalid ? SENSOR_TIME_INVALID : 0u) |
                            (sensor_without_plots(sensor, now_ns) ? SENSOR_NO_PLOTS : 0u);
    out[0] = FSPEC_063;
    out[1] = status->sac;
    out[2] = status->sic;
    out[3] = status->service;
    put_u24(out + 4, status->tod);
    out[7] = sensor->sac;
    out[8] = sensor->sic;
    out[9] = (uint8_t)((unsigned)sensor_state(sensor, now_ns) << SENSOR_CON_SHIFT | (extent != 0 ? SENSOR_FX : 0u));
    out[10] = (uint8_t)extent;
    return extent != 0 ? 11 : 10;
}
