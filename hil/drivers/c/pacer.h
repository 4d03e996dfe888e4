/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A schedule and where its departures are noted; shared by the two pacers. Mirrored field by field in hil/drivers/injector.py.
 */
#ifndef HIL_PACER_H
#define HIL_PACER_H

#include <stdint.h>
#include <string.h>

#define STAMP_KERNEL_TX 1 /* hil.columns.StampSource */
#define STAMP_USER 2

/* Row k is octets[start[k] … stop[k]) and leaves at at_ns[k] (CLOCK_REALTIME, never falling). Columns of departures are written as
 * they happen: `departed` and `source` point at the first row's fields, `stride` octets lie between rows. */
struct schedule {
    uint64_t rows;
    const uint8_t *octets;
    const int64_t *start, *stop, *at_ns;
    uint8_t *departed, *source;
    uint64_t stride;
    int64_t spin_ns;
};

static inline void note_departure(const struct schedule *s, uint64_t row, int64_t stamp_ns, uint8_t source)
{
    memcpy(s->departed + row * s->stride, &stamp_ns, sizeof stamp_ns);
    s->source[row * s->stride] = source;
}

/* Sends every row as a datagram on the connected socket `fd`, whose kernel transmit stamps (if any) carry a count of calls. Rows that
 * are due together leave in one call; with `bulk` those of equal length as one packet that the kernel splits (UDP_SEGMENT), which is
 * fastest, but only the first of them gets a kernel stamp. Returns 0, or −errno of what broke. */
int pace_datagrams(const struct schedule *s, int fd, int bulk);

/* An asynchronous line and the taps that its frames are recorded at: the packet of row k is payload[payload_start[k] …). */
struct line {
    int32_t fd, capture_fd, tap_out, tap_in;
    uint32_t from_ip, to_ip;
    uint32_t port, octets_per_write;
    double octet_ns; /* start bit, data bits and stop bit of one octet */
    const uint8_t *payload;
    const int64_t *payload_start, *payload_stop;
};

/* Writes every row to the line so that each octet is handed over when its stop bit would end, whether or not the box reads it then.
 * With fd < 0 nobody is at the far end: rows depart, and arrive nowhere. Returns 0, or −errno after the row at which the line broke. */
int pace_frames(const struct schedule *s, const struct line *line);

#endif
