/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Blocks of the capture file; see capture_block.h.
 */
#include "capture_block.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <unistd.h>

#define ENHANCED_PACKET 6u
#define FIXED 28u /* block type, length, interface, stamp (2), captured length, original length */
#define TIME_TO_LIVE 64u

static void put16(uint8_t *p, uint32_t v)
{
    p[0] = (uint8_t)(v >> 8);
    p[1] = (uint8_t)v;
}

static uint32_t header_checksum(const uint8_t *header)
{
    uint32_t sum = 0;
    for (uint32_t i = 0; i < 20u; i += 2u) sum += (uint32_t)(header[i] << 8 | header[i + 1u]);
    sum = (sum & 0xffffu) + (sum >> 16);
    return ~((sum & 0xffffu) + (sum >> 16)) & 0xffffu;
}

static void put_headers(uint8_t *p, const struct seen *at, uint32_t length)
{
    memset(p, 0, IP_UDP_HEADER);
    p[0] = 0x45;
    put16(p + 2, IP_UDP_HEADER + length);
    p[8] = TIME_TO_LIVE;
    p[9] = IPPROTO_UDP;
    memcpy(p + 12, &at->from_ip, 4);
    memcpy(p + 16, &at->to_ip, 4);
    put16(p + 10, header_checksum(p));
    put16(p + 20, at->port);
    put16(p + 22, at->port);
    put16(p + 24, 8u + length);
}

/* Everything of a block but the packet itself. */
static uint32_t put_frame(uint8_t *out, int32_t tap, int64_t stamp_ns, uint32_t captured)
{
    uint32_t padded = (captured + 3u) & ~3u, total = FIXED + padded + 4u;
    uint64_t stamp = (uint64_t)stamp_ns;
    uint32_t fixed[7] = {ENHANCED_PACKET, total, (uint32_t)tap, (uint32_t)(stamp >> 32), (uint32_t)stamp, captured, captured};
    memcpy(out, fixed, sizeof fixed);
    memset(out + FIXED + captured, 0, padded - captured);
    memcpy(out + FIXED + padded, &total, sizeof total);
    return total;
}

uint32_t capture_block(uint8_t *out, const struct seen *at, const uint8_t *payload, uint32_t length)
{
    put_headers(out + FIXED, at, length);
    memcpy(out + FIXED + IP_UDP_HEADER, payload, length);
    return put_frame(out, at->tap, at->stamp_ns, IP_UDP_HEADER + length);
}

uint32_t capture_packet(uint8_t *out, int32_t tap, int64_t stamp_ns, const uint8_t *packet, uint32_t length)
{
    memcpy(out + FIXED, packet, length);
    return put_frame(out, tap, stamp_ns, length);
}

int capture_write(int capture_fd, const struct seen *at, const uint8_t *payload, uint32_t length)
{
    uint8_t block[BLOCK_MAX];
    if (at->tap < 0) return 0;
    if (length > DATAGRAM_MAX) {
        errno = EMSGSIZE;
        return -1;
    }
    uint32_t total = capture_block(block, at, payload, length);
    return write(capture_fd, block, total) == (ssize_t)total ? 0 : -1;
}
