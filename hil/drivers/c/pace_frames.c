/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The serial pacer: frames on a line at its rate. A pty has no rate of its own, so octets are handed over in small pieces, each when
 * the stop bit of its last octet would end; every instant counts from the frame's start, so nothing adds up.
 */
#include "capture_block.h"
#include "clock.h"
#include "pacer.h"

#include <poll.h>
#include <unistd.h>

#define READER_TIMEOUT_MS 1000 /* a box that does not read for that long has stopped */

static int hand_over(int fd, const uint8_t *octets, int64_t length)
{
    while (length > 0) {
        ssize_t n = write(fd, octets, (size_t)length);
        if (n > 0) {
            octets += n;
            length -= n;
        } else if (n < 0 && errno == EAGAIN) {
            struct pollfd p = {fd, POLLOUT, 0};
            if (poll(&p, 1, READER_TIMEOUT_MS) == 0) return -ETIMEDOUT;
        } else if (n < 0 && errno != EINTR) {
            return -errno;
        }
    }
    return 0;
}

/* Both ends of the line show the frame: the first octet leaves at `start_ns`, the last has arrived at `done_ns`. */
static int record(const struct line *l, uint64_t row, int64_t start_ns, int64_t done_ns)
{
    struct seen out = {l->tap_out, l->from_ip, l->to_ip, (uint16_t)l->port, start_ns};
    struct seen in = {l->tap_in, l->from_ip, l->to_ip, (uint16_t)l->port, done_ns};
    const uint8_t *payload = l->payload + l->payload_start[row];
    uint32_t length = (uint32_t)(l->payload_stop[row] - l->payload_start[row]);
    if (capture_write(l->capture_fd, &out, payload, length) != 0) return -errno;
    return capture_write(l->capture_fd, &in, payload, length) == 0 ? 0 : -errno;
}

int pace_frames(const struct schedule *s, const struct line *l)
{
    int64_t free_ns = 0; /* when the line has carried the last octet of the frame before */
    for (uint64_t row = 0; row < s->rows; row++) {
        int64_t start_ns = s->at_ns[row] > free_ns ? s->at_ns[row] : free_ns, handed_ns = start_ns;
        int64_t length = s->stop[row] - s->start[row];
        for (int64_t done = 0; done < length;) {
            int64_t piece = length - done < (int64_t)l->octets_per_write ? length - done : (int64_t)l->octets_per_write;
            /* the instant before the octets are handed over: the far side cannot have had them earlier */
            handed_ns = wait_until(start_ns + (int64_t)((double)(done + piece) * l->octet_ns + 0.5), s->spin_ns);
            int broke = hand_over(l->fd, s->octets + s->start[row] + done, piece);
            if (broke != 0) return broke;
            done += piece;
        }
        free_ns = start_ns + (int64_t)((double)length * l->octet_ns + 0.5);
        note_departure(s, row, handed_ns, STAMP_USER);
        if (l->capture_fd >= 0) {
            int broke = record(l, row, start_ns, handed_ns);
            if (broke != 0) return broke;
        }
    }
    return 0;
}
