/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The Verilated formatter as a box calls it, in place of its C formatter: track records in, CAT062 data blocks out.
 * The box's time becomes clocks: its flush time is 4096 of them, so that a second of box time costs milliseconds. */
#ifndef FORMATTER_BOX_H
#define FORMATTER_BOX_H

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

/* NULL when a setting is refused. */
void *formatter_box_new(const struct formatter_settings *settings);
void formatter_box_free(void *box);

/* One track record of `n` octets; blocks that it completes go to the sink. */
void formatter_box_push(void *box, const uint8_t *record, size_t n);

/* Box time that has passed since the last call; blocks whose flush time is over go to the sink. */
void formatter_box_advance(void *box, uint64_t elapsed_ns);

#ifdef __cplusplus
}
#endif
#endif
