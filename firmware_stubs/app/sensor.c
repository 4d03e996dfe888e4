/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sensor.h"

#include <string.h>

#include "defects.h"
#include "guard.h"
#include "octets.h"
#include "tod.h"

static const double SCANS_UNTIL_LOST = 2.5;
static const double SCAN_UNKNOWN_S = 12.0; /* the slowest turning radar in use */

enum { NORTH_MARKER = 1, SECTOR_CROSSING = 2 };

static uint32_t identity_sum(const struct sensor *sensor);
static bool recent(const struct sensor *sensor, bool seen, uint64_t at_ns, uint64_t now_ns);
static void north_marker(struct sensor *sensor, const uint8_t *time, uint64_t now_ns);

bool sensors_put(struct sensors *sensors, uint8_t sac, uint8_t sic, struct geodetic at)
{
    int index = sensors_find(sensors, sac, sic);
    if (index < 0) {
        if (sensors->count == SENSORS_MAX) {
            return false;
        }
        index = (int)sensors->count++;
    }
    struct sensor *sensor = &sensors->list[index];
    memset(sensor, 0, sizeof *sensor);
    sensor->sac = sac;
    sensor->sic = sic;
    sensor->at = at;
    sensor->frame = frame_at(at);
    sensor->shown = SENSOR_INITIALISING;
    sensor->guard = identity_sum(sensor);
    return true;
}

bool sensor_is_whole(const struct sensor *sensor)
{
    return sensor->guard == identity_sum(sensor);
}

static uint32_t identity_sum(const struct sensor *sensor)
{
    const uint8_t name[4] = {sensor->sac, sensor->sic};
    const uint32_t sum = guard_sum(guard_sum(GUARD_START, name, sizeof name), &sensor->at, sizeof sensor->at);
    return guard_sum(sum, &sensor->frame, sizeof sensor->frame);
}

int sensors_find(const struct sensors *sensors, uint8_t sac, uint8_t sic)
{
    for (unsigned i = 0; i < sensors->count; i++) {
        if (sensors->list[i].sac == sac && sensors->list[i].sic == sic) {
            return (int)i;
        }
    }
    return -1;
}

void sensors_service_message(struct sensors *sensors, const struct record *record, uint64_t now_ns)
{
    const uint8_t *source = record->item[I034_010];
    const uint8_t *type = record->item[I034_000];
    if (source == NULL || type == NULL) {
        return;
    }
    const int index = sensors_find(sensors, source[0], source[1]);
    if (index < 0) {
        return;
    }
    struct sensor *sensor = &sensors->list[index];
    if (type[0] == NORTH_MARKER) {
        north_marker(sensor, record->item[I034_030], now_ns);
    } else if (type[0] == SECTOR_CROSSING && !defect(DEFECT_sector_lost) && record->item[I034_020] != NULL) {
        sensor->sector = record->item[I034_020][0];
    }
    if (record->item[I034_041] != NULL && get_u16(record->item[I034_041]) != 0) {
        sensor->scan_s = get_u16(record->item[I034_041]) / 128.0;
    }
}

enum sensor_state sensor_state(const struct sensor *sensor, uint64_t now_ns)
{
    if (defect(DEFECT_sensor_loss_hidden) || recent(sensor, sensor->north_seen, sensor->north_ns, now_ns)) {
        return SENSOR_OPERATIONAL;
    }
    if (recent(sensor, sensor->plot_seen, sensor->plot_ns, now_ns)) {
        return SENSOR_DEGRADED;
    }
    return sensor->north_seen || sensor->plot_seen ? SENSOR_NOT_CONNECTED : SENSOR_INITIALISING;
}

bool sensor_without_plots(const struct sensor *sensor, uint64_t now_ns)
{
    return recent(sensor, sensor->north_seen, sensor->north_ns, now_ns) &&
           !recent(sensor, sensor->plot_seen, sensor->plot_ns, now_ns);
}

static bool recent(const struct sensor *sensor, bool seen, uint64_t at_ns, uint64_t now_ns)
{
    const bool known = sensor->scan_s > 0.0 && !defect(DEFECT_marker_period_ignored);
    const double scan_s = known ? sensor->scan_s : SCAN_UNKNOWN_S;
    return seen && (double)(now_ns - at_ns) <= SCANS_UNTIL_LOST * scan_s * 1e9;
}

/* Two markers tell the rotation period of a radar that does not send I034/041. */
static void north_marker(struct sensor *sensor, const uint8_t *time, uint64_t now_ns)
{
    if (time != NULL && get_u24(time) < TOD_TICKS_PER_DAY) {
        const double period_s = tod_difference(get_u24(time), sensor->north_tod) / 128.0;
        if (sensor->north_seen && period_s >= 1.0 && period_s <= 2.0 * SCAN_UNKNOWN_S) {
            sensor->scan_s = period_s;
        }
        sensor->north_tod = get_u24(time);
    }
    sensor->north_seen = true;
    sensor->north_ns = now_ns;
}
