/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The Verilated formatter as a box calls it, in place of its C formatter: track records in, CAT062 data blocks out.
 * The box's time becomes clocks: its flush time is FLUSH_CLOCKS of them, so that a second of box time costs milliseconds. */
#ifndef FORMATTER_BOX_H
#define FORMATTER_BOX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef void formatter_sink(void *context, const uint8_t *block, size_t n);

struct formatter_settings {
    uint8_t sac, sic, service;
    uint16_t mtu_octets;
    uint64_t flush_ns;
    formatter_sink *sink;
    void *context;
};

/* A message's latency: from the record that ends its block, or the end of the flush time, to the block's last beat. */
struct formatter_latency {
    uint64_t messages, least, most;
    uint32_t period_ps; /* of the clock that the formatter file names */
};

/* NULL when a setting is refused, or the formatter has no registers. */
void *formatter_box_new(const struct formatter_settings *settings);
void formatter_box_free(void *box);

/* Take effect with the next block; an open one leaves before the MTU changes. False: refused. */
bool formatter_box_set_mtu(void *box, uint16_t mtu_octets);
bool formatter_box_set_flush_ns(void *box, uint64_t flush_ns);

/* One track record of `n` octets; blocks that it completes go to the sink. False: the formatter dropped it. */
bool formatter_box_push(void *box, const uint8_t *record, size_t n, uint64_t now_ns);

/* Lets the formatter's clock follow the box's; blocks whose flush time is over go to the sink. */
void formatter_box_poll(void *box, uint64_t now_ns);

/* Lets the flush time of an open block pass at once. */
void formatter_box_flush(void *box);

/* When formatter_box_poll has something to do; UINT64_MAX = no block is open. */
uint64_t formatter_box_deadline_ns(const void *box);

struct formatter_latency formatter_box_latency(const void *box);

#ifdef __cplusplus
}
#endif
#endif
