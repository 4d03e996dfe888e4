/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The track-message formatter: track records in (docs/icd.md §3), CAT062 data blocks out. The model of the FPGA's:
 * pure, no clock of its own, same octets. RIB-CON-001, RIB-CON-004. */
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
    struct block block;
    uint64_t records, malformed;
};

void cat062_init(struct cat062 *formatter, uint8_t sac, uint8_t sic, uint8_t service, block_sink *sink, void *context);

/* Takes one track record. False: it is malformed (length, version, reserved bits, time), dropped whole and counted. */
bool cat062_push(struct cat062 *formatter, const uint8_t *record, size_t n, uint64_t now_ns);

/* Takes a record that is CAT062 already, to be passed on octet for octet. False: it fits no block. */
bool cat062_pass(struct cat062 *formatter, const uint8_t *record, size_t n, uint64_t now_ns);

#endif
