/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "box.h"
#include "box_options.h"
#include "build_id.h"
#include "rib.h"
#include "text.h"
#include "time_units.h"

enum { QUEUE_EVENTS = 16384, QUEUE_OCTETS = 4 << 20, QUEUE_RESERVE_EVENTS = 4096, QUEUE_RESERVE_OCTETS = 1 << 20 };

static const uint64_t WATCHDOG_NS = 1000000000u;

/* What a simulated box runs on. */
struct hal {
    uint64_t now_ns;
    uint64_t utc_offset_ns;
    bool utc_valid;
    uint64_t fed_ns;
    bool reset_wanted;
    enum hal_reset_cause cause;
    unsigned boots;
    struct rib_event events[QUEUE_EVENTS];
    size_t queued;
    uint8_t octets[QUEUE_OCTETS];
    size_t octets_used;
};

struct rib {
    struct box_config config;
    struct hal hal;
    struct box box;
};

static bool queue(struct hal *hal, uint32_t port, const uint8_t *octets, size_t n);
static bool queue_is_nearly_full(const struct hal *hal);
static void reset_if_wanted(struct rib *rib);

size_t rib_size(void)
{
    return sizeof(struct rib);
}

bool rib_start(struct rib *memory, const char *const *options, size_t count, uint64_t now_ns, size_t *bad)
{
    const char *expected = NULL;
    memset(memory, 0, sizeof *memory);
    memory->config = box_config_default();
    for (size_t i = 0; i < count; i += 2) {
        const char *value = i + 1 < count ? options[i + 1] : "";
        if (box_option_take(&memory->config, options[i], value, &expected) != BOX_OPTION_TAKEN) {
            *bad = i;
            return false;
        }
    }
    memory->hal.now_ns = now_ns;
    memory->hal.fed_ns = now_ns;
    memory->hal.utc_valid = true;
    box_init(&memory->box, &memory->config, &memory->hal);
    return true;
}

void rib_receive(struct rib *rib, uint64_t now_ns, uint32_t input, const uint8_t *octets, size_t n)
{
    rib_run_until(rib, now_ns);
    box_receive(&rib->box, (enum box_input)input, octets, n);
    reset_if_wanted(rib);
}

size_t rib_receive_all(struct rib *rib, const struct rib_event *events, size_t count, const uint8_t *octets)
{
    size_t taken = 0;
    while (taken < count && !queue_is_nearly_full(&rib->hal)) {
        const struct rib_event *event = &events[taken++];
        rib_receive(rib, event->at_ns, event->port, octets + event->offset, event->n);
    }
    return taken;
}

void rib_run_until(struct rib *rib, uint64_t now_ns)
{
    for (;;) {
        const uint64_t bite_ns = rib->hal.fed_ns + WATCHDOG_NS;
        const uint64_t deadline_ns = rib->box.hangs ? bite_ns : box_deadline_ns(&rib->box);
        if (deadline_ns > now_ns) {
            break;
        }
        if (deadline_ns > rib->hal.now_ns) {
            rib->hal.now_ns = deadline_ns;
        }
        if (rib->box.hangs) {
            rib->hal.cause = HAL_RESET_WATCHDOG;
            rib->hal.reset_wanted = true;
        } else {
            box_poll(&rib->box);
        }
        reset_if_wanted(rib);
    }
    if (now_ns > rib->hal.now_ns) {
        rib->hal.now_ns = now_ns;
    }
}

void rib_stall(struct rib *rib, uint64_t now_ns)
{
    if (now_ns > rib->hal.now_ns) {
        rib->hal.now_ns = now_ns;
        rib->hal.fed_ns = now_ns;
    }
}

uint64_t rib_deadline_ns(struct rib *rib)
{
    return rib->box.hangs ? rib->hal.fed_ns + WATCHDOG_NS : box_deadline_ns(&rib->box);
}

size_t rib_take(struct rib *rib, struct rib_event *events, size_t count, uint8_t *octets, size_t capacity)
{
    struct hal *hal = &rib->hal;
    size_t taken = 0;
    size_t used = 0;
    while (taken < count && taken < hal->queued && hal->events[taken].n <= capacity - used) {
        events[taken] = hal->events[taken];
        used += events[taken++].n;
    }
    memcpy(octets, hal->octets, used);
    hal->queued -= taken;
    hal->octets_used -= used;
    memmove(hal->octets, hal->octets + used, hal->octets_used);
    memmove(hal->events, hal->events + taken, hal->queued * sizeof hal->events[0]);
    for (size_t i = 0; i < hal->queued; i++) {
        hal->events[i].offset -= used;
    }
    return taken;
}

void rib_set_clock(struct rib *rib, uint64_t offset_ns, bool valid)
{
    rib->hal.utc_offset_ns = offset_ns % NS_PER_DAY;
    rib->hal.utc_valid = valid;
}

void rib_reset(struct rib *rib, uint32_t cause, uint64_t now_ns)
{
    rib_run_until(rib, now_ns);
    rib->hal.cause = (enum hal_reset_cause)cause;
    rib->hal.reset_wanted = true;
    reset_if_wanted(rib);
}

bool rib_build_id(char out[41])
{
    uint8_t id[HAL_BUILD_ID_OCTETS];
    struct text text = text_on(out, 41);
    text_add_hex(&text, id, build_id(id, sizeof id));
    return text.used == 40;
}

uint64_t hal_now_ns(struct hal *hal)
{
    return hal->now_ns;
}

bool hal_utc_ns(struct hal *hal, uint64_t *ns_since_midnight)
{
    *ns_since_midnight = (hal->now_ns % NS_PER_DAY + hal->utc_offset_ns) % NS_PER_DAY;
    return hal->utc_valid;
}

bool hal_send(struct hal *hal, enum hal_output output, const uint8_t *octets, size_t n)
{
    return queue(hal, output == HAL_LINK_OUT ? RIB_LINK_OUT : RIB_C2_OUT, octets, n);
}

void hal_console_write(struct hal *hal, const char *text, size_t n)
{
    (void)queue(hal, RIB_CONSOLE_OUT, (const uint8_t *)text, n);
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
    return build_id(out, HAL_BUILD_ID_OCTETS);
}

enum hal_reset_cause hal_reset_cause(struct hal *hal)
{
    return hal->cause;
}

unsigned hal_boots(struct hal *hal)
{
    return hal->boots;
}

void hal_reset(struct hal *hal)
{
    hal->cause = HAL_RESET_SOFTWARE;
    hal->reset_wanted = true;
}

void hal_watchdog_feed(struct hal *hal)
{
    hal->fed_ns = hal->now_ns;
}

static bool queue(struct hal *hal, uint32_t port, const uint8_t *octets, size_t n)
{
    if (hal->queued == QUEUE_EVENTS || n > QUEUE_OCTETS - hal->octets_used) {
        return false;
    }
    hal->events[hal->queued++] =
        (struct rib_event){.at_ns = hal->now_ns, .port = port, .n = (uint32_t)n, .offset = hal->octets_used};
    memcpy(hal->octets + hal->octets_used, octets, n);
    hal->octets_used += n;
    return true;
}

static bool queue_is_nearly_full(const struct hal *hal)
{
    return hal->queued > QUEUE_EVENTS - QUEUE_RESERVE_EVENTS ||
           hal->octets_used > QUEUE_OCTETS - QUEUE_RESERVE_OCTETS;
}

static void reset_if_wanted(struct rib *rib)
{
    if (rib->hal.reset_wanted) {
        rib->hal.reset_wanted = false;
        rib->hal.boots++;
        rib->hal.fed_ns = rib->hal.now_ns;
        box_init(&rib->box, &rib->config, &rib->hal);
    }
}
