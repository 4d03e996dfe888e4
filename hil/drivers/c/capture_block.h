/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * One datagram as one block of the capture file: what every tap of the harness writes, in C. The frame of the file (section,
 * interfaces) is made by hil/drivers/pcapng.py. Source: draft-ietf-opsawg-pcapng §4.3; RFC 791, RFC 768.
 */
#ifndef HIL_CAPTURE_BLOCK_H
#define HIL_CAPTURE_BLOCK_H

#include <stdint.h>

#define DATAGRAM_MAX 9216u
#define IP_UDP_HEADER 28u
#define BLOCK_MAX (28u + IP_UDP_HEADER + DATAGRAM_MAX + 8u) /* fixed part, packet, padding, closing length */

/* Where a datagram was seen, and the addresses (network order) and port that its packet is to show. */
struct seen {
    int32_t tap; /* interface number in the capture; below 0: not recorded */
    uint32_t from_ip, to_ip;
    uint16_t port;
    int64_t stamp_ns;
};

/* Puts the block of a datagram to `out`, which has room for BLOCK_MAX octets; gives its length. `length` ≤ DATAGRAM_MAX. */
uint32_t capture_block(uint8_t *out, const struct seen *at, const uint8_t *payload, uint32_t length);

/* As capture_block, for a whole IPv4 packet of `length` ≤ DATAGRAM_MAX + IP_UDP_HEADER octets. */
uint32_t capture_packet(uint8_t *out, int32_t tap, int64_t stamp_ns, const uint8_t *packet, uint32_t length);

/* Writes the block of one datagram to `capture_fd` at once, so that a kill loses at most a torn last block. 0, or −1 with errno. */
int capture_write(int capture_fd, const struct seen *at, const uint8_t *payload, uint32_t length);

#endif
