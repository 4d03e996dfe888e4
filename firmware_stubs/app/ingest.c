/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ingest.h"

#include <string.h>

#include "box.h"
#include "defects.h"
#include "delivery.h"
#include "tod.h"

typedef void record_handler(struct box *box, const struct record *record, const uint8_t *octets);

/* A category that a port takes, and what is done with its records. */
struct route {
    const struct category *category;
    record_handler *handler;
};

static void walk_blocks(struct box *box, const struct route *routes, size_t count, const uint8_t *octets, size_t n);
static bool walk_records(struct box *box, const struct route *route, const uint8_t *octets, size_t n);
static void refuse_record(struct box *box, const struct category *category, enum parse_result why);
static void take_cat048(struct box *box, const struct record *record, const uint8_t *octets);
static void take_cat015(struct box *box, const struct record *record, const uint8_t *octets);
static void take_cat034(struct box *box, const struct record *record, const uint8_t *octets);
static void take_remote_track(struct box *box, const struct record *record, const uint8_t *octets);
static const uint8_t *spoil_remote(struct box *box, const struct record *record, const uint8_t *octets,
                                   uint8_t *spoilt);
static void take_remote_status(struct box *box, const struct record *record, const uint8_t *octets);
static void take_plot(struct box *box, const struct plot *plot, unsigned faults);
static void refuse_plot(struct box *box, enum plot_fault fault);
static enum plot_fault first_fault(unsigned faults);

static const struct route RADAR_ROUTES[] = {{&cat048, take_cat048}, {&cat034, take_cat034}, {&cat015, take_cat015}};
static const struct route LINK_ROUTES[] = {
    {&cat062, take_remote_track}, {&cat063, take_remote_status}, {&cat065, take_remote_status}};

enum {
    RADAR_ROUTE_COUNT = sizeof RADAR_ROUTES / sizeof RADAR_ROUTES[0],
    LINK_ROUTE_COUNT = sizeof LINK_ROUTES / sizeof LINK_ROUTES[0],
};

void ingest_serial(struct box *box, const uint8_t *octets, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        size_t length = 0;
        switch (hdlc_push(&box->serial, octets[i], &length)) {
        case HDLC_FRAME:
            if (defect(DEFECT_long_frame_lost) && length > 255) {
                break;
            }
            box->counters.frames_ok++;
            walk_blocks(box, RADAR_ROUTES, RADAR_ROUTE_COUNT, box->serial.octets, length);
            break;
        case HDLC_BAD_FCS: box->counters.bad_fcs++; break;
        case HDLC_ABORTED: box->counters.aborted++; break;
        case HDLC_TOO_LONG: box->counters.too_long++; break;
        case HDLC_RUNT: box->counters.runt++; break;
        case HDLC_NOTHING: break;
        }
    }
    if (defect(DEFECT_escape_at_end)) {
        box->serial.escaped = false;
    }
}

void ingest_radar_datagram(struct box *box, const uint8_t *octets, size_t n)
{
    box->counters.datagrams_in++;
    walk_blocks(box, RADAR_ROUTES, RADAR_ROUTE_COUNT, octets, n);
}

void ingest_link_datagram(struct box *box, const uint8_t *octets, size_t n)
{
    walk_blocks(box, LINK_ROUTES, LINK_ROUTE_COUNT, octets, n);
}

/* RIB-ROB-001. A block whose length lies hides where the next one starts: the rest is dropped with it. */
static void walk_blocks(struct box *box, const struct route *routes, size_t count, const uint8_t *octets, size_t n)
{
    while (n > 0) {
        const size_t length = block_length(octets, n);
        if (length == 0) {
            box->counters.bad_length++;
            return;
        }
        const struct route *route = NULL;
        for (size_t i = 0; i < count && route == NULL; i++) {
            route = routes[i].category->number == octets[0] ? &routes[i] : NULL;
        }
        if (route == NULL) {
            box->counters.unknown_category++;
            if (defect(DEFECT_crash_on_category)) {
                __builtin_trap();
            }
        } else {
            box->counters.blocks_in++;
            const bool whole = walk_records(box, route, octets + BLOCK_HEADER, length - BLOCK_HEADER);
            if (defect(DEFECT_damage_spreads) && !whole) {
                return;
            }
        }
        octets += length;
        n -= length;
    }
}

/* ASTERIX has no resync inside a block: a record that does not parse takes the rest of the block with it. */
static bool walk_records(struct box *box, const struct route *route, const uint8_t *octets, size_t n)
{
    const size_t whole = n;
    while (n > 0) {
        struct record record;
        const enum parse_result result = record_parse(route->category, octets, n, &record);
        if (result != PARSE_OK) {
            refuse_record(box, route->category, result);
            return false;
        }
        const bool last_of_several = n < whole && record.length == n;
        const bool first_of_several = n == whole && record.length < n;
        if (!(defect(DEFECT_lost_last_plot) && last_of_several && route->category != &cat062) &&
            !(defect(DEFECT_remote_lost) && first_of_several && route->category == &cat062)) {
            route->handler(box, &record, octets);
        }
        octets += record.length;
        n -= record.length;
    }
    return true;
}

static void refuse_record(struct box *box, const struct category *category, enum parse_result why)
{
    if (category == &cat062) {
        box->counters.remote_refused++;
    }
    switch (why) {
    case PARSE_BAD_FSPEC: box->counters.bad_fspec++; break;
    case PARSE_TRUNCATED: box->counters.truncated++; break;
    case PARSE_BAD_ITEM: box->counters.bad_item++; break;
    case PARSE_OK: break;
    }
}

static void take_cat048(struct box *box, const struct record *record, const uint8_t *octets)
{
    struct plot plot;
    (void)octets;
    const unsigned faults = plot_from_cat048(record, &plot);
    take_plot(box, &plot, faults);
}

static void take_cat015(struct box *box, const struct record *record, const uint8_t *octets)
{
    struct plot plot;
    (void)octets;
    const unsigned faults = plot_from_cat015(record, &plot);
    take_plot(box, &plot, faults);
}

static void take_cat034(struct box *box, const struct record *record, const uint8_t *octets)
{
    (void)octets;
    const uint8_t *type = record->item[I034_000];
    if (defect(DEFECT_sector_lost) && type != NULL && type[0] == 2) {
        return;
    }
    box->counters.service_in++;
    sensors_service_message(&box->sensors, record, hal_now_ns(box->hal));
}

/* Passed on once, octet for octet. RIB-DEL-004. */
static void take_remote_track(struct box *box, const struct record *record, const uint8_t *octets)
{
    box->counters.remote_in++;
    uint8_t spoilt[MTU_MAX];
    octets = spoil_remote(box, record, octets, spoilt);
    if (!box->config.output_used[HAL_C2_OUT]) {
        box->counters.remote_refused++;
    } else if (cat062_pass(&box->formatters[HAL_C2_OUT], octets, record->length, hal_now_ns(box->hal))) {
        box->counters.remote_out++;
    } else {
        box->counters.remote_refused++; /* longer than the MTU */
    }
}

/* What is to be passed on: the record as it came, in a box that works. */
static const uint8_t *spoil_remote(struct box *box, const struct record *record, const uint8_t *octets,
                                   uint8_t *spoilt)
{
    if (defect(DEFECT_remote_echo)) {
        (void)cat062_pass(&box->formatters[HAL_LINK_OUT], octets, record->length, hal_now_ns(box->hal));
    }
    if (!defect(DEFECT_remote_own_source) || record->item[I062_010] == NULL || record->length > MTU_MAX) {
        return octets;
    }
    const size_t source = (size_t)(record->item[I062_010] - octets);
    memcpy(spoilt, octets, record->length);
    spoilt[source] = box->config.sac;
    spoilt[source + 1] = box->config.sic;
    return spoilt;
}

static void take_remote_status(struct box *box, const struct record *record, const uint8_t *octets)
{
    (void)record;
    (void)octets;
    box->counters.remote_status++;
}

/* Exactly one record for each plot that is not refused. RIB-DEL-001, RIB-ROB-003. */
static void take_plot(struct box *box, const struct plot *plot, unsigned faults)
{
    box->counters.plots_in++;
    const uint64_t now_ns = hal_now_ns(box->hal);
    int sensor = sensors_find(&box->sensors, plot->sac, plot->sic);
    if (defect(DEFECT_unknown_sensor_taken) && sensor < 0 && box->sensors.count > 0) {
        sensor = 0;
    }
    enum plot_fault fault = first_fault(faults | (sensor < 0 ? 1u << FAULT_UNKNOWN_SENSOR : 0u));
    struct track_report report;
    bool begun;
    if (fault == FAULT_NONE && !overload_admit(&box->overload, plot->has_address || plot->has_mode_3a, now_ns)) {
        fault = FAULT_SHED;
    }
    if (fault == FAULT_NONE && !box_may_use(box, (unsigned)sensor)) {
        return;
    }
    if (fault == FAULT_NONE) {
        box->sensors.list[sensor].plot_seen = true;
        box->sensors.list[sensor].plot_ns = now_ns;
        fault = tracker_take(&box->tracker, &box->sensors, (unsigned)sensor, plot, now_ns, &report, &begun);
    }
    if (fault == FAULT_MEMORY) {
        box_halt(box);
        return;
    }
    if (fault != FAULT_NONE) {
        refuse_plot(box, fault);
        return;
    }
    if (defect(DEFECT_box_time)) {
        uint64_t utc_ns = 0;
        (void)box_utc_ns(box, &utc_ns);
        report.tod = tod_from_ns(utc_ns);
    }
    box->counters.tracks_new += begun ? 1u : 0u;
    box->counters.tracks_out++;
    deliver_report(box, &report);
}

static void refuse_plot(struct box *box, enum plot_fault fault)
{
    if (fault == FAULT_SHED ? defect(DEFECT_shed_uncounted) : defect(DEFECT_refusal_uncounted)) {
        return;
    }
    if (fault == FAULT_SHED && defect(DEFECT_watchdog_starved)) {
        box->hangs = true;
    }
    switch (fault) {
    case FAULT_MISSING_ITEM: box->counters.missing_item++; break;
    case FAULT_UNKNOWN_SENSOR: box->counters.unknown_sensor++; break;
    case FAULT_BAD_TIME: box->counters.bad_time++; break;
    case FAULT_TEST_TARGET: box->counters.test_target++; break;
    case FAULT_OUT_OF_RANGE: box->counters.out_of_range++; break;
    case FAULT_SHED: box->counters.shed++; break;
    case FAULT_TABLE_FULL: box->counters.table_full++; break;
    case FAULT_NONE:
    case FAULT_MEMORY: break;
    }
}

static enum plot_fault first_fault(unsigned faults)
{
    for (unsigned fault = 0; fault < FAULT_NONE; fault++) {
        if ((faults & (1u << fault)) != 0) {
            return (enum plot_fault)fault;
        }
    }
    return FAULT_NONE;
}
