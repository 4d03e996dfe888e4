/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "box.h"

#include <string.h>

#include "console.h"
#include "defects.h"
#include "delivery.h"
#include "guard.h"
#include "ingest.h"
#include "status.h"
#include "text.h"
#include "time_units.h"
#include "tod.h"

static const uint64_t LOOK_MAX_NS = 10000000u; /* between a look at one clock and at the other, RIB-TIM-003 */
static const uint64_t SWEEP_NS = 250000000u; /* how often tracks are looked through for their end, memory for damage */

enum { TRACKS_A_SWEEP = 256 };

static const char *const RESET_TEXT[] = {"started by POWER", "started by SOFTWARE", "started by WATCHDOG",
                                         "started by PIN"};

static uint32_t settings_sum(const struct box *box);
static bool tables_are_whole(const struct box *box);
static bool look_at_memory(struct box *box);
static void heartbeat(struct box *box, uint64_t now_ns);
static struct status look_at_itself(struct box *box, uint64_t now_ns);
static void log_sensor(struct box *box, const struct sensor *sensor);
static bool end_tracks(struct box *box, uint64_t now_ns);
static uint64_t earlier(uint64_t a, uint64_t b);

struct box_config box_config_default(void)
{
    return (struct box_config){
        .sac = 0,
        .sic = 1,
        .service = 1,
        .fcs_octets = 2,
        .serial_number = "0",
        .output_used = {true, true},
        .settings =
            {
                .flush_ns = 5000000,
                .mtu = MTU_DEFAULT,
                .coast_ns = 30 * NS_PER_S,
                .gains = {.alpha = 0.8, .beta = 0.5, .gamma = 0.0},
                .capacity = CAPACITY_DEFAULT,
            },
    };
}

/* Nothing from before is kept: what is sent from here on was received from here on. RIB-REC-002. */
void box_init(struct box *box, const struct box_config *config, struct hal *hal)
{
    for (unsigned port = 0; port < HAL_OUTPUTS && defect(DEFECT_reset_keeps_block); port++) {
        block_close(&box->formatters[port].block);
    }
    uint8_t last_record[TRACK_RECORD_OCTETS];
    memcpy(last_record, box->kept_back, sizeof last_record);
    memset(box, 0, sizeof *box);
    box->hal = hal;
    box->config = *config;
    box->config_guard = guard_sum(GUARD_START, &box->config, sizeof box->config);
    box->sensors = config->sensors;
    box->started_ns = hal_now_ns(hal);
    box->heartbeat_due_ns = box->started_ns;
    box->sweep_due_ns = box->started_ns + SWEEP_NS;
    hdlc_init(&box->serial, config->fcs_octets);
    scpi_init(&box->scpi);
    tracker_init(&box->tracker, config->settings.gains);
    for (unsigned port = 0; port < HAL_OUTPUTS; port++) {
        box->outputs[port] = (struct output){box, (enum hal_output)port};
        cat062_init(&box->formatters[port], config->sac, config->sic, config->service,
                    deliver_block, &box->outputs[port]);
    }
    box_restore_settings(box);
    box_log(box, RESET_TEXT[hal_reset_cause(hal)]);
    if (defect(DEFECT_stale_after_reset) && hal_reset_cause(hal) != HAL_RESET_POWER) {
        deliver_record(box, last_record);
    }
}

void box_receive(struct box *box, enum box_input input, const uint8_t *octets, size_t n)
{
    if (box->hangs) {
        return;
    }
    switch (input) {
    case BOX_RADAR_SERIAL: ingest_serial(box, octets, n); break;
    case BOX_RADAR_ETH: ingest_radar_datagram(box, octets, n); break;
    case BOX_LINK_IN: ingest_link_datagram(box, octets, n); break;
    case BOX_CONSOLE: console_input(box, octets, n); break;
    }
}

/* Whoever comes to its end is alive, and may feed the watchdog. RIB-ROB-002. */
void box_poll(struct box *box)
{
    if (box->hangs) {
        return;
    }
    const uint64_t now_ns = hal_now_ns(box->hal);
    for (unsigned port = 0; port < HAL_OUTPUTS; port++) {
        cat062_poll(&box->formatters[port], now_ns);
    }
    if (now_ns >= box->heartbeat_due_ns) {
        heartbeat(box, now_ns);
    }
    if (now_ns >= box->sweep_due_ns) {
        box->sweep_due_ns = now_ns + SWEEP_NS;
        if (!look_at_memory(box) || !end_tracks(box, now_ns)) {
            box_halt(box);
            return;
        }
    }
    deliver_held(box, now_ns);
    hal_watchdog_feed(box->hal);
}

uint64_t box_deadline_ns(struct box *box)
{
    const struct held *held = hold_first(&box->hold);
    if (box->hangs) {
        return 0; /* a processor that hangs is a busy one */
    }
    uint64_t deadline_ns = earlier(box->heartbeat_due_ns, box->sweep_due_ns);
    for (unsigned port = 0; port < HAL_OUTPUTS; port++) {
        deadline_ns = earlier(deadline_ns, cat062_deadline_ns(&box->formatters[port]));
    }
    return held == NULL ? deadline_ns : earlier(deadline_ns, held->due_ns);
}

bool box_set_flush_ns(struct box *box, double flush_ns)
{
    if (!(flush_ns >= 0.0 && flush_ns <= (double)NS_PER_S)) {
        return false;
    }
    box->settings.flush_ns = (uint64_t)flush_ns;
    box->settings_guard = settings_sum(box);
    for (unsigned port = 0; port < HAL_OUTPUTS; port++) {
        cat062_set_flush_ns(&box->formatters[port], box->settings.flush_ns);
    }
    return true;
}

bool box_set_mtu(struct box *box, double mtu)
{
    if (!(mtu >= MTU_MIN && mtu < MTU_MAX + 1)) {
        return false;
    }
    box->settings.mtu = (uint16_t)mtu;
    box->settings_guard = settings_sum(box);
    for (unsigned port = 0; port < HAL_OUTPUTS; port++) {
        cat062_set_mtu(&box->formatters[port], box->settings.mtu);
    }
    return true;
}

bool box_set_coast_ns(struct box *box, double coast_ns)
{
    if (!(coast_ns >= (double)NS_PER_S && coast_ns <= 3600.0 * (double)NS_PER_S)) {
        return false;
    }
    box->settings.coast_ns = (uint64_t)coast_ns;
    box->settings_guard = settings_sum(box);
    return true;
}

bool box_set_gains(struct box *box, struct filter_gains gains)
{
    if (!(gains.alpha > 0.0 && gains.alpha <= 1.0 && gains.beta >= 0.0 && gains.beta <= 2.0 && gains.gamma >= 0.0 &&
          gains.gamma <= 1.0)) {
        return false;
    }
    box->settings.gains = gains;
    box->tracker.gains = gains;
    box->settings_guard = settings_sum(box);
    return true;
}

bool box_set_capacity(struct box *box, double plots_per_s)
{
    if (!(plots_per_s >= 1.0 && plots_per_s <= CAPACITY_MAX)) {
        return false;
    }
    box->settings.capacity = plots_per_s;
    box->settings_guard = settings_sum(box);
    overload_init(&box->overload, plots_per_s, hal_now_ns(box->hal));
    return true;
}

bool box_memory_is_whole(const struct box *box)
{
    bool whole = tables_are_whole(box);
    for (unsigned i = 0; i < box->tracker.table.end; i++) {
        const struct track *track = &box->tracker.table.tracks[i];
        whole = whole && (!track->live || track_is_whole(track));
    }
    return whole || defect(DEFECT_memory_trusted);
}

bool box_may_use(struct box *box, unsigned sensor)
{
    const bool whole = box->settings_guard == settings_sum(box) && sensor_is_whole(&box->sensors.list[sensor]);
    if (!whole && !defect(DEFECT_memory_trusted)) {
        box_halt(box);
        return false;
    }
    return true;
}

void box_halt(struct box *box)
{
    box_log(box, "memory corrupt");
    box->hangs = true;
}

void box_restore_settings(struct box *box)
{
    const struct box_settings *settings = &box->config.settings;
    (void)box_set_flush_ns(box, (double)settings->flush_ns);
    (void)box_set_mtu(box, settings->mtu);
    (void)box_set_coast_ns(box, (double)settings->coast_ns);
    (void)box_set_gains(box, settings->gains);
    (void)box_set_capacity(box, settings->capacity);
}

bool box_utc_ns(const struct box *box, uint64_t *ns_since_midnight)
{
    uint64_t ns;
    const bool known = hal_utc_ns(box->hal, &ns);
    *ns_since_midnight = (ns + box->utc_offset_ns) % NS_PER_DAY;
    return known || box->utc_set;
}

void box_set_utc(struct box *box, uint64_t ns_since_midnight)
{
    uint64_t ns;
    (void)hal_utc_ns(box->hal, &ns);
    box->utc_offset_ns = ns_since_midnight + NS_PER_DAY - ns;
    box->utc_set = true;
    clock_watch_restart(&box->clock);
    box_log(box, "time set");
}

bool box_step_utc(struct box *box, double seconds)
{
    if (!(seconds > -86400.0 && seconds < 86400.0)) {
        return false;
    }
    const int64_t step_ns = (int64_t)(seconds * 1e9) + (int64_t)NS_PER_DAY; /* positive */
    box->utc_offset_ns = (box->utc_offset_ns + (uint64_t)step_ns) % NS_PER_DAY;
    return true;
}

void box_log(struct box *box, const char *event)
{
    event_log_add(&box->log, hal_now_ns(box->hal) - box->started_ns, event);
}

static uint32_t settings_sum(const struct box *box)
{
    _Static_assert(sizeof box->settings % 4 == 0 && sizeof box->config % 4 == 0, "guard_sum takes words");
    const uint32_t sum = guard_sum(GUARD_START, &box->settings, sizeof box->settings);
    return guard_sum(sum, &box->tracker.gains, sizeof box->tracker.gains);
}

/* Everything but the tracks. */
static bool tables_are_whole(const struct box *box)
{
    bool whole = box->config_guard == guard_sum(GUARD_START, &box->config, sizeof box->config) &&
                 box->settings_guard == settings_sum(box);
    for (unsigned i = 0; i < box->sensors.count; i++) {
        whole = whole && sensor_is_whole(&box->sensors.list[i]);
    }
    return whole;
}

/* The tables and the next so many tracks: the sweep must not hold the plots up. */
static bool look_at_memory(struct box *box)
{
    if (defect(DEFECT_memory_trusted)) {
        return true;
    }
    const struct track_table *table = &box->tracker.table;
    bool whole = tables_are_whole(box);
    for (unsigned looked = 0; looked < TRACKS_A_SWEEP; looked++) {
        box->guard_cursor = box->guard_cursor + 1u < table->end ? box->guard_cursor + 1u : 0u;
        const struct track *track = &table->tracks[box->guard_cursor];
        whole = whole && (!track->live || track_is_whole(track));
    }
    return whole;
}

/* CAT065 and CAT063, every second, also when the sky is empty. RIB-CON-002. */
static void heartbeat(struct box *box, uint64_t now_ns)
{
    uint8_t octets[STATUS_OCTETS_MAX];
    const struct status status = look_at_itself(box, now_ns);
    const size_t n = status_blocks(&status, &box->sensors, now_ns, octets);
    const bool busy = box->counters.plots_in - box->plots_at_heartbeat >= 1000;
    const bool left_out = (defect(DEFECT_heartbeat_stops) && box->tracker.table.live == 0) ||
                          (defect(DEFECT_heartbeat_yields) && busy);
    box->plots_at_heartbeat = box->counters.plots_in;
    for (unsigned port = 0; port < HAL_OUTPUTS && !left_out; port++) {
        if (box->config.output_used[port]) {
            deliver_datagram(box, (enum hal_output)port, octets, n, box->sensors.count > 0 ? 2 : 1);
        }
    }
    box->counters.heartbeats++;
    box->heartbeat_due_ns += defect(DEFECT_heartbeat_slow) ? NS_PER_S * 8 / 5 : NS_PER_S;
    if (box->heartbeat_due_ns <= now_ns) { /* the box stood still for a while, RIB-REC-003: no burst */
        box->heartbeat_due_ns = now_ns + NS_PER_S;
    }
}

static struct status look_at_itself(struct box *box, uint64_t now_ns)
{
    uint64_t utc_ns;
    const uint64_t looked_ns = hal_now_ns(box->hal);
    const bool time_known = box_utc_ns(box, &utc_ns);
    const bool at_once = hal_now_ns(box->hal) - looked_ns < LOOK_MAX_NS; /* else the box stood still between its clocks */
    if (at_once && clock_watch_look(&box->clock, looked_ns, utc_ns)) {
        box_log(box, "clock stepped");
    }
    const bool overload = overload_shows(&box->overload, now_ns);
    if (overload != box->overload_shown) {
        box_log(box, overload ? "overload" : "overload over");
        box->overload_shown = overload;
    }
    for (unsigned i = 0; i < box->sensors.count; i++) {
        struct sensor *sensor = &box->sensors.list[i];
        if (sensor_state(sensor, now_ns) != sensor->shown) {
            sensor->shown = sensor_state(sensor, now_ns);
            log_sensor(box, sensor);
        }
    }
    return (struct status){
        .sac = box->config.sac,
        .sic = box->config.sic,
        .service = box->config.service,
        .tod = tod_from_ns(utc_ns),
        .time_invalid = !time_known || !clock_watch_trusts(&box->clock, now_ns),
        .overload = overload,
        .renumbered = hal_boots(box->hal) % 2u,
    };
}

static void log_sensor(struct box *box, const struct sensor *sensor)
{
    static const char *const states[] = {" operational", " degraded", " initialising", " not connected"};
    char line[EVENT_TEXT];
    struct text text = text_on(line, sizeof line);
    text_add(&text, "sensor ");
    text_add_unsigned(&text, sensor->sac);
    text_add(&text, "/");
    text_add_unsigned(&text, sensor->sic);
    text_add(&text, states[sensor->shown]);
    box_log(box, line);
}

/* False: one of them is corrupt. */
static bool end_tracks(struct box *box, uint64_t now_ns)
{
    struct track_report report;
    const uint64_t coast_ns = box->settings.coast_ns;
    unsigned cursor = 0;
    enum tracker_end end;
    while ((end = tracker_end_next(&box->tracker, &cursor, &box->sensors, coast_ns, now_ns, &report)) == TRACKER_ENDED) {
        box->counters.tracks_ended++;
        deliver_report(box, &report);
    }
    return end != TRACKER_CORRUPT;
}

static uint64_t earlier(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}
