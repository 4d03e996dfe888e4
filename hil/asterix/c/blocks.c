/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Data blocks in datagrams.
 */
#include "kernel.h"

/* Which structures this library was built with. */
int64_t rh_abi(void)
{
    return KERNEL_ABI;
}

/* Split datagrams into data blocks. Writes at most `capacity` blocks and faults (fault.block = datagram) and returns how many
 * blocks there are; `known[category]` says which categories have a table. Call with capacity 0 to count. */
int64_t rh_blocks(const uint8_t *data, const int64_t *span_offset, const int64_t *span_length, int64_t n_spans, int64_t size,
                  const uint8_t *known, int64_t capacity, int64_t *offset, int64_t *length, int64_t *datagram,
                  uint8_t *category, rh_fault *faults, int64_t *n_faults)
{
    int64_t n = 0;
    int64_t bad = 0;
    for (int64_t span = 0; span < n_spans; span++) {
        int64_t at = span_offset[span];
        int64_t ordinal = 0;
        if (at < 0 || span_length[span] < 0 || at > size || span_length[span] > size - at) {
            if (bad < capacity) {
                faults[bad] = (rh_fault){span, 0, at, 0, at, -1, DATAGRAM_BOUNDS};
            }
            bad++;
            continue;
        }
        const int64_t end = at + span_length[span];
        while (at < end) {
            int32_t cause = OK;
            int64_t octets = end - at;
            if (octets < 3) {
                cause = BLOCK_HEADER_CUT;
            } else {
                const int64_t stated = (int64_t)data[at + 1] << 8 | data[at + 2];
                if (stated < 3) {
                    cause = BLOCK_TOO_SHORT;
                } else if (stated > octets) {
                    cause = BLOCK_TOO_LONG;
                } else {
                    octets = stated;
                    cause = known[data[at]] ? OK : CATEGORY_UNKNOWN;
                }
            }
            if (cause != OK) {
                if (bad < capacity) {
                    faults[bad] = (rh_fault){span, ordinal, at, octets, at, -1, cause};
                }
                bad++;
            } else {
                if (n < capacity) {
                    offset[n] = at;
                    length[n] = octets;
                    datagram[n] = span;
                    category[n] = data[at];
                }
                n++;
            }
            ordinal++;
            at += octets;
        }
    }
    *n_faults = bad;
    return n;
}
