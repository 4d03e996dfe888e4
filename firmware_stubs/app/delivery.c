/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "delivery.h"

#include <string.h>

#include "box.h"
#include "defects.h"
#include "octets.h"
#include "tod.h"

static bool spoil_delivery(struct box *box, uint8_t *record);
static void send_now(struct box *box, enum hal_output port, const uint8_t *octets, size_t n);

void deliver_report(struct box *box, const struct track_report *report)
{
    uint8_t record[TRACK_RECORD_OCTETS];
    track_record_pack(report, record);
    hal_trace_record(box->hal, record, sizeof record);
    box->emitted++; /* for DEFECT_… alone */
    if (!spoil_delivery(box, record)) {
        deliver_record(box, record);
    }
}

void deliver_record(struct box *box, const uint8_t *record)
{
    const uint64_t now_ns = hal_now_ns(box->hal);
    for (unsigned port = 0; port < HAL_OUTPUTS; port++) {
        if (box->config.output_used[port] &&
            !cat062_push(&box->formatters[port], record, TRACK_RECORD_OCTETS, now_ns)) {
            box->counters.malformed++;
        }
    }
}

/* True: a defect has dealt with the record. */
static bool spoil_delivery(struct box *box, uint8_t *record)
{
    switch (defect_built_in()) {
    case DEFECT_lost_record: return box->emitted % 100 == 0;
    case DEFECT_stale_after_reset: memcpy(box->kept_back, record, TRACK_RECORD_OCTETS); return false;
    case DEFECT_end_silent: return (record[AT_STATUS + 1] & STATUS1_TSE) != 0;
    case DEFECT_duplicate_record:
        if (box->emitted % 100 == 0) {
            deliver_record(box, record);
        }
        return false;
    case DEFECT_invented_record:
        if (box->emitted % 100 == 0) {
            deliver_record(box, record);
            put_u24(record + AT_TOD, (get_u24(record + AT_TOD) + 4 * 128) % TOD_TICKS_PER_DAY);
        }
        return false;
    case DEFECT_reordered:
        if (box->emitted % 40 == 0) {
            memcpy(box->kept_back, record, TRACK_RECORD_OCTETS);
            return true;
        }
        if (box->emitted % 40 == 1 && box->emitted > 1) {
            deliver_record(box, record);
            deliver_record(box, box->kept_back);
            return true;
        }
        return false;
    default: return false;
    }
}

void deliver_block(void *context, const uint8_t *block, size_t n)
{
    const struct output *output = context;
    deliver_datagram(output->box, output->port, block, n, 1);
}

void deliver_datagram(struct box *box, enum hal_output port, const uint8_t *octets, size_t n, unsigned blocks)
{
    box->counters.blocks_out += blocks;
    const uint64_t now_ns = hal_now_ns(box->hal);
    const uint64_t late_ns = hold_for_ns(&box->hold, now_ns - box->started_ns);
    if (DEFECT_HOLDS && late_ns > 0 && hold_put(&box->hold, now_ns + late_ns, port, octets, n)) {
        return;
    }
    send_now(box, port, octets, n);
    if (defect(DEFECT_duplicate_datagram) && box->hold.asked % 50 == 0) {
        send_now(box, port, octets, n);
    }
}

/* Without its cable a box knows of nothing: it goes on, and so do its tracks. RIB-REC-004. */
static void send_now(struct box *box, enum hal_output port, const uint8_t *octets, size_t n)
{
    if (hal_send(box->hal, port, octets, n)) {
        box->counters.datagrams_out++;
    } else {
        box->counters.send_errors++;
    }
}

void deliver_held(struct box *box, uint64_t now_ns)
{
    struct held *held = NULL;
    while ((held = hold_first(&box->hold)) != NULL && held->due_ns <= now_ns) {
        send_now(box, held->port, held->octets, held->n);
        held->due_ns = 0;
    }
}
