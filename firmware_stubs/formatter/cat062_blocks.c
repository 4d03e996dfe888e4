/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cat062_blocks.h"

#include <string.h>

#include "cat062.h"
#include "track_record.h"

struct buffer {
    uint8_t *out;
    size_t capacity, used;
};

static void append(void *context, const uint8_t *block, size_t n);

size_t cat062_blocks(const uint8_t *records, size_t count, uint16_t mtu, uint8_t sac, uint8_t sic, uint8_t service,
                     uint8_t *out, size_t capacity, uint64_t *malformed)
{
    struct buffer buffer = {out, capacity, 0};
    struct cat062 formatter;
    if (mtu < MTU_MIN || mtu > MTU_MAX) {
        return SIZE_MAX;
    }
    cat062_init(&formatter, sac, sic, service, append, &buffer);
    cat062_set_mtu(&formatter, mtu);
    for (size_t i = 0; i < count; i++) {
        (void)cat062_push(&formatter, records + i * TRACK_RECORD_OCTETS, TRACK_RECORD_OCTETS, 0);
    }
    cat062_flush(&formatter);
    *malformed = formatter.malformed;
    return buffer.used <= buffer.capacity ? buffer.used : SIZE_MAX;
}

static void append(void *context, const uint8_t *block, size_t n)
{
    struct buffer *buffer = context;
    if (buffer->used <= buffer->capacity && n <= buffer->capacity - buffer->used) {
        memcpy(buffer->out + buffer->used, block, n);
    }
    buffer->used += n;
}
