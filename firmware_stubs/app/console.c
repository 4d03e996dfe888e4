/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "console.h"

#include <math.h>
#include <string.h>

#include "bit.h"
#include "box.h"
#include "console_config.h"
#include "defects.h"
#include "text.h"
#include "time_units.h"

static void add_time(struct text *text, uint64_t ns);

/* ---- IEEE 488.2 common commands ---- */

static void idn(void *context, struct scpi *scpi, const char *parameters)
{
    const struct box *box = context;
    (void)parameters;
    text_add(&scpi->reply, "radar-hil,RIB,");
    if (!defect(DEFECT_identity_short)) {
        text_add(&scpi->reply, box->config.serial_number);
        text_add(&scpi->reply, ",");
    }
    text_add(&scpi->reply, RIB_VERSION);
}

static void rst(void *context, struct scpi *scpi, const char *parameters)
{
    struct box *box = context;
    (void)scpi;
    (void)parameters;
    box_restore_settings(box);
    box_log(box, "settings restored");
}

static void tst(void *context, struct scpi *scpi, const char *parameters)
{
    const struct box *box = context;
    (void)parameters;
    text_add_unsigned(&scpi->reply, bit_run(box->hal) | (box_memory_is_whole(box) ? BIT_GOOD : BIT_MEMORY));
}

/* ---- SYSTem ---- */

static void build_query(void *context, struct scpi *scpi, const char *parameters)
{
    const struct box *box = context;
    uint8_t id[HAL_BUILD_ID_OCTETS];
    (void)parameters;
    text_add_hex(&scpi->reply, id, hal_build_id(box->hal, id));
}

/* RIB-REC-001. */
static void reset_cause_query(void *context, struct scpi *scpi, const char *parameters)
{
    static const char *const causes[] = {"POWER", "SOFTWARE", "WATCHDOG", "PIN"};
    const struct box *box = context;
    (void)parameters;
    text_add(&scpi->reply, causes[defect(DEFECT_reset_cause_lost) ? HAL_RESET_POWER : hal_reset_cause(box->hal)]);
}

static void reset(void *context, struct scpi *scpi, const char *parameters)
{
    const struct box *box = context;
    (void)scpi;
    (void)parameters;
    hal_reset(box->hal);
}

static void uptime_query(void *context, struct scpi *scpi, const char *parameters)
{
    const struct box *box = context;
    (void)parameters;
    const uint64_t ms = (hal_now_ns(box->hal) - box->started_ns) / NS_PER_MS;
    text_add_unsigned(&scpi->reply, ms / 1000u);
    text_add(&scpi->reply, ".");
    text_add_digits(&scpi->reply, ms % 1000u, 3);
}

static void time_query(void *context, struct scpi *scpi, const char *parameters)
{
    const struct box *box = context;
    (void)parameters;
    uint64_t ns;
    (void)box_utc_ns(box, &ns);
    add_time(&scpi->reply, ns);
}

static void time_set(void *context, struct scpi *scpi, const char *parameters)
{
    struct box *box = context;
    double parts[3]; /* hours, minutes, seconds */
    if (!scpi_numbers(scpi, parameters, parts, 3)) {
        return;
    }
    if (parts[0] < 0.0 || parts[0] > 23.0 || parts[1] < 0.0 || parts[1] > 59.0 || !(parts[2] >= 0.0) ||
        parts[2] >= 60.0 || floor(parts[0]) != parts[0] || floor(parts[1]) != parts[1]) {
        scpi_raise(scpi, SCPI_DATA_OUT_OF_RANGE);
        return;
    }
    box_set_utc(box, (uint64_t)((parts[0] * 3600.0 + parts[1] * 60.0 + parts[2]) * 1e9));
}

/* ---- STATus, DIAGnostic ---- */

static void counters_query(void *context, struct scpi *scpi, const char *parameters)
{
    const struct box *box = context;
    (void)parameters;
    const uint64_t wrap = defect(DEFECT_counter_wrap) ? UINT8_MAX : UINT64_MAX;
#define COUNTER_TEXT(name)                                                                                             \
    text_add(&scpi->reply, #name "=");                                                                                 \
    text_add_unsigned(&scpi->reply, box->counters.name & wrap);                                                        \
    text_add(&scpi->reply, ",");
    COUNTERS(COUNTER_TEXT)
#undef COUNTER_TEXT
    text_add(&scpi->reply, "tracks_live=");
    text_add_unsigned(&scpi->reply, box->tracker.table.live);
}

/* Clocks that the formatters of all outputs took; zeros where they have no clock. */
static void formatter_query(void *context, struct scpi *scpi, const char *parameters)
{
    const struct box *box = context;
    const struct cat062_clocks all = cat062_clocks(box->formatters, HAL_OUTPUTS);
    (void)parameters;
    text_add(&scpi->reply, "messages=");
    text_add_unsigned(&scpi->reply, all.messages);
    text_add(&scpi->reply, ",clocks_min=");
    text_add_unsigned(&scpi->reply, all.least);
    text_add(&scpi->reply, ",clocks_max=");
    text_add_unsigned(&scpi->reply, all.most);
    text_add(&scpi->reply, ",period_ps=");
    text_add_unsigned(&scpi->reply, all.period_ps);
}

static void log_query(void *context, struct scpi *scpi, const char *parameters)
{
    const struct box *box = context;
    const struct event *event = NULL;
    (void)parameters;
    for (size_t i = 0; (event = event_log_get(&box->log, i)) != NULL; i++) {
        text_add(&scpi->reply, i == 0 ? "" : ";");
        text_add_unsigned(&scpi->reply, event->at_ns / NS_PER_S);
        text_add(&scpi->reply, ".");
        text_add_digits(&scpi->reply, event->at_ns / NS_PER_MS % 1000u, 3);
        text_add(&scpi->reply, " ");
        text_add(&scpi->reply, event->text);
    }
}

/* Faults on purpose: a lost pulse per second, a clock that steps, a main loop that hangs until the watchdog bites, a bit
 * of memory that changes by itself. */

static void pps_set(void *context, struct scpi *scpi, const char *parameters)
{
    struct box *box = context;
    double there = 0.0;
    if (!scpi_numbers(scpi, parameters, &there, 1)) {
        return;
    }
    box->clock.pps_lost = there == 0.0;
    box_log(box, box->clock.pps_lost ? "pulse per second lost" : "pulse per second back");
}

static void pps_query(void *context, struct scpi *scpi, const char *parameters)
{
    const struct box *box = context;
    (void)parameters;
    text_add(&scpi->reply, box->clock.pps_lost ? "0" : "1");
}

static void clock_step(void *context, struct scpi *scpi, const char *parameters)
{
    double seconds = 0.0;
    if (scpi_numbers(scpi, parameters, &seconds, 1) && !box_step_utc(context, seconds)) {
        scpi_raise(scpi, SCPI_DATA_OUT_OF_RANGE);
    }
}

static void hang(void *context, struct scpi *scpi, const char *parameters)
{
    struct box *box = context;
    (void)scpi;
    (void)parameters;
    box->hangs = true;
}

static void upset(void *context, struct scpi *scpi, const char *parameters)
{
    double region = 0.0;
    if (!scpi_numbers(scpi, parameters, &region, 1)) {
        return;
    }
    if (!(region >= 0.0 && region <= 2.0)) {
        scpi_raise(scpi, SCPI_DATA_OUT_OF_RANGE);
    } else if (!box_upset(context, (unsigned)region)) {
        scpi_raise(scpi, SCPI_EXECUTION_ERROR);
    }
}

static const struct scpi_command COMMANDS[] = {
    {"*IDN?", idn},
    {"*RST", rst},
    {"*TST?", tst},
    {"SYSTem:BUILd?", build_query},
    {"SYSTem:RESet", reset},
    {"SYSTem:RESet:CAUSe?", reset_cause_query},
    {"SYSTem:UPTime?", uptime_query},
    {"SYSTem:TIME?", time_query},
    {"SYSTem:TIME", time_set},
    {"STATus:COUNters?", counters_query},
    {"STATus:FORMatter?", formatter_query},
    {"DIAGnostic:LOG?", log_query},
    {"DIAGnostic:PPS", pps_set},
    {"DIAGnostic:PPS?", pps_query},
    {"DIAGnostic:CLOCk", clock_step},
    {"DIAGnostic:HANG", hang},
    {"DIAGnostic:UPSet", upset},
    {"CONFigure:SENSor", config_sensor},
    {"CONFigure:SENSor?", config_sensor_query},
    {"CONFigure:FLUSh", config_flush},
    {"CONFigure:FLUSh?", config_flush_query},
    {"CONFigure:MTU", config_mtu},
    {"CONFigure:MTU?", config_mtu_query},
    {"CONFigure:COASt", config_coast},
    {"CONFigure:COASt?", config_coast_query},
    {"CONFigure:FILTer", config_filter},
    {"CONFigure:FILTer?", config_filter_query},
    {"CONFigure:CAPacity", config_capacity},
    {"CONFigure:CAPacity?", config_capacity_query},
};

static void write_reply(void *context, const char *text, size_t n)
{
    const struct box *box = context;
    hal_console_write(box->hal, text, n);
}

void console_input(struct box *box, const uint8_t *octets, size_t n)
{
    scpi_input(&box->scpi, COMMANDS, sizeof COMMANDS / sizeof COMMANDS[0], box, write_reply, octets, n);
}

/* hh:mm:ss.sss */
static void add_time(struct text *text, uint64_t ns)
{
    const uint64_t ms = ns / NS_PER_MS;
    text_add_digits(text, ms / 3600000u, 2);
    text_add_char(text, ':');
    text_add_digits(text, ms / 60000u % 60u, 2);
    text_add_char(text, ':');
    text_add_digits(text, ms / 1000u % 60u, 2);
    text_add_char(text, '.');
    text_add_digits(text, ms % 1000u, 3);
}
