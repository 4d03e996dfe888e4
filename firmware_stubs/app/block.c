/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "block.h"

#include <string.h>

#include "defects.h"
#include "octets.h"

enum { HEADER = 3 };

static void send(struct block *block, size_t too_short);

void block_init(struct block *block, uint8_t category, block_sink *sink, void *context)
{
    memset(block, 0, sizeof *block);
    block->category = category;
    block->mtu = MTU_DEFAULT;
    block->flush_ns = 5000000;
    block->sink = sink;
    block->context = context;
}

bool block_add(struct block *block, const uint8_t *record, size_t n, uint64_t now_ns)
{
    if (HEADER + n > block->mtu) {
        return false;
    }
    if (block->used + n > (defect(DEFECT_mtu_ignored) ? (size_t)MTU_MAX : block->mtu)) {
        send(block, defect(DEFECT_length_when_full) ? 3u : 0u);
    }
    if (block->used == 0) {
        block->octets[0] = block->category;
        block->used = HEADER;
        block->deadline_ns = now_ns + block->flush_ns;
        block->blocks++;
        if (defect(DEFECT_flush_timer_drift)) {
            block->deadline_ns += 100000u * block->blocks;
        }
    } else if (defect(DEFECT_flush_by_next) && now_ns >= block->deadline_ns) {
        block_close(block);
        return block_add(block, record, n, now_ns);
    }
    memcpy(block->octets + block->used, record, n);
    block->used += n;
    return true;
}

void block_poll(struct block *block, uint64_t now_ns)
{
    if (now_ns >= block_deadline_ns(block) && !defect(DEFECT_flush_by_next)) {
        block_close(block);
    }
}

void block_close(struct block *block)
{
    if (block->used != 0) {
        send(block, 0);
    }
}

static void send(struct block *block, size_t too_short)
{
    put_u16(block->octets + 1, (uint16_t)(block->used - too_short));
    const size_t n = block->used;
    block->used = 0;
    block->sink(block->context, block->octets, n);
}

uint64_t block_deadline_ns(const struct block *block)
{
    return block->used == 0 || defect(DEFECT_flush_by_next) ? NO_DEADLINE : block->deadline_ns;
}
