/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What leaves the box: track reports to the formatters, blocks and status to the ports. */
#ifndef DELIVERY_H
#define DELIVERY_H

#include <stddef.h>
#include <stdint.h>

#include "hal.h"

struct box;
struct track_report;

/* Hands a track report to the formatter of each output. */
void deliver_report(struct box *box, const struct track_report *report);

/* The same for a record that is packed already. */
void deliver_record(struct box *box, const uint8_t *record);

/* A formatter's block_sink; `context` is the struct output. */
void deliver_block(void *context, const uint8_t *block, size_t n);

/* Sends a datagram that holds `blocks` data blocks. */
void deliver_datagram(struct box *box, enum hal_output port, const uint8_t *octets, size_t n, unsigned blocks);

/* Sends what was held back and is due. */
void deliver_held(struct box *box, uint64_t now_ns);

#endif
