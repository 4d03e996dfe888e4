/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The track-message formatter: track records in (docs/icd.md §3), CAT062 data blocks out. Two files implement it, and
 * the link takes one: cat062.c, the model of the FPGA's (pure, no clock of its own), or ports/rtl/cat062_fpga.c, which has
 * the Verilated FPGA do the work. Same octets. RIB-CON-001, RIB-CON-004. */
#ifndef CAT062_H
#define CAT062_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "block.h"

enum { CAT062_RECORD_MAX = 58 };

/* What the FPGA keeps in registers. */
struct cat062 {
    uint8_t sac, sic, service;
    struct block block; /* with an FPGA, of what passes beside it */
    uint64_t records, malformed;
    void *fpga; /* NULL: none */
};

/* From the record that ends a block, or the end of its flush time, to the block's last octet: one count a message. */
struct cat062_clocks {
    uint64_t messages; /* 0 = this formatter has no clock */
    uint64_t least, most;
    uint32_t period_ps;
};

void cat062_init(struct cat062 *formatter, uint8_t sac, uint8_t sic, uint8_t service, block_sink *sink, void *context);

/* Gives back what cat062_init took. */
void cat062_end(struct cat062 *formatter);

/* From the next record on; a block that is open goes first, or stays as it is. */
void cat062_set_mtu(struct cat062 *formatter, uint16_t mtu);
void cat062_set_flush_ns(struct cat062 *formatter, uint64_t flush_ns);

/* Takes one track record. False: it is malformed (length, version, reserved bits, time), dropped whole and counted. */
bool cat062_push(struct cat062 *formatter, const uint8_t *record, size_t n, uint64_t now_ns);

/* Takes a record that is CAT062 already, to be passed on octet for octet. False: it fits no block. */
bool cat062_pass(struct cat062 *formatter, const uint8_t *record, size_t n, uint64_t now_ns);

/* Sends what is due by now; sends what is there, due or not; says when there is something to do (or NO_DEADLINE). */
void cat062_poll(struct cat062 *formatter, uint64_t now_ns);
void cat062_flush(struct cat062 *formatter);
uint64_t cat062_deadline_ns(const struct cat062 *formatter);

/* Of all `count` formatters together. */
struct cat062_clocks cat062_clocks(const struct cat062 *formatters, unsigned count);

#endif
