/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One open ASTERIX data block: records are added, the block goes to its sink when the next record would pass the MTU
 * or when `flush_ns` have passed since its first record. The clock is the caller's.
 * RIB-TIM-001, RIB-TIM-002, RIB-CON-010, RIB-DEL-002. */
#ifndef BLOCK_H
#define BLOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    MTU_MIN = 64,      /* a block header and the longest track record */
    MTU_MAX = 1472,    /* what one Ethernet frame carries over UDP */
    MTU_DEFAULT = 1400,
};

#define NO_DEADLINE UINT64_MAX

typedef void block_sink(void *context, const uint8_t *block, size_t n);

struct block {
    uint8_t category;
    uint16_t mtu;
    uint64_t flush_ns;
    block_sink *sink;
    void *context;

    uint8_t octets[MTU_MAX];
    size_t used; /* 0 = no record yet */
    uint64_t deadline_ns;
    uint64_t blocks; /* opened so far */
};

void block_init(struct block *block, uint8_t category, block_sink *sink, void *context);

/* False: the record fits no block of this MTU. */
bool block_add(struct block *block, const uint8_t *record, size_t n, uint64_t now_ns);

/* Sends the block if its time has come. */
void block_poll(struct block *block, uint64_t now_ns);

/* Sends the block now, if it holds a record. */
void block_close(struct block *block);

/* When block_poll has something to do; NO_DEADLINE = nothing waits. */
uint64_t block_deadline_ns(const struct block *block);

#endif
