/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The box: everything that it knows, and what a port calls. No globals, no clock, no I/O but hal.h. */
#ifndef BOX_H
#define BOX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cat062.h"
#include "clock_watch.h"
#include "counters.h"
#include "event_log.h"
#include "hal.h"
#include "hdlc.h"
#include "hold.h"
#include "overload.h"
#include "scpi.h"
#include "sensor.h"
#include "tracker.h"

#ifndef RIB_VERSION
#define RIB_VERSION "0.0.0"
#endif

enum box_input { BOX_RADAR_SERIAL, BOX_RADAR_ETH, BOX_LINK_IN, BOX_CONSOLE };

/* What the console may change, and *RST brings back. */
struct box_settings {
    uint64_t flush_ns;
    uint16_t mtu;
    uint64_t coast_ns; /* a track without a plot for this long ends */
    struct filter_gains gains;
    double capacity; /* plots a second */
};

struct box_config {
    uint8_t sac, sic, service;
    uint8_t fcs_octets; /* of radar_serial: 2 or 4 */
    char serial_number[24];
    struct sensors sensors;
    bool output_used[HAL_OUTPUTS];
    struct box_settings settings;
};

struct box {
    struct hal *hal;
    struct box_config config; /* as at the start */
    struct box_settings settings;
    struct sensors sensors;
    struct counters counters;
    struct hdlc_receiver serial;
    struct tracker tracker;
    struct cat062 formatters[HAL_OUTPUTS];
    struct output {
        struct box *box;
        enum hal_output port;
    } outputs[HAL_OUTPUTS];
    struct scpi scpi;
    struct event_log log;
    struct hold hold;
    uint64_t started_ns;
    uint64_t emitted; /* track records so far */
    uint8_t kept_back[TRACK_RECORD_OCTETS]; /* see `reordered` in defects.h */
    uint64_t heartbeat_due_ns, sweep_due_ns;
    uint64_t plots_at_heartbeat; /* see `heartbeat_yields` in defects.h */
    uint64_t utc_offset_ns; /* by SYST:TIME, modulo a day */
    bool utc_set;
    struct clock_watch clock;
    struct overload overload;
    bool overload_shown;
    bool hangs; /* does nothing any more, and does not feed the watchdog: DIAG:HANG, or its memory is corrupt */
    uint32_t config_guard, settings_guard;
    unsigned guard_cursor; /* the track that is looked at next */
};

/* A configuration that works: default settings, no sensors. */
struct box_config box_config_default(void);

void box_init(struct box *box, const struct box_config *config, struct hal *hal);

/* Octets off a serial line as they come, or one datagram. */
void box_receive(struct box *box, enum box_input input, const uint8_t *octets, size_t n);

/* Does what is due by now. */
void box_poll(struct box *box);

/* When box_poll has something to do next, on hal_now_ns's clock. */
uint64_t box_deadline_ns(struct box *box);

/* Set one of the settings; false = out of range. */
bool box_set_flush_ns(struct box *box, double flush_ns);
bool box_set_mtu(struct box *box, double mtu);
bool box_set_coast_ns(struct box *box, double coast_ns);
bool box_set_gains(struct box *box, struct filter_gains gains);
bool box_set_capacity(struct box *box, double plots_per_s);
void box_restore_settings(struct box *box);

/* Nanoseconds since midnight UTC; false = nobody told the box what time it is. */
bool box_utc_ns(const struct box *box, uint64_t *ns_since_midnight);
void box_set_utc(struct box *box, uint64_t ns_since_midnight);
bool box_step_utc(struct box *box, double seconds); /* as a bad source would */

/* What the box looks at in its own memory. RIB-REC-005: nothing is made of memory that has changed by itself; the box
 * stops for good, and its watchdog restarts it. */
bool box_memory_is_whole(const struct box *box); /* all of it; what *TST? asks */
bool box_may_use(struct box *box, unsigned sensor); /* what a plot of this sensor needs; false = the box has stopped */
void box_halt(struct box *box);

/* Inverts a bit, as radiation would: of the settings (0), a sensor (1), a track (2). False: there is no such thing. */
bool box_upset(struct box *box, unsigned region);

void box_log(struct box *box, const char *event);

#endif
