/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The serial pacer: frames on a line at its rate. A pty has no rate of its own, so octets are handed over in small pieces, each when
 * the stop bit of its last octet would end; every instant counts from the frame's start, so nothing adds up.
 */
#include "capture_block.h"
#include "clock.h"
#include "pacer.h"

#include <poll.h>
#include <stdbool.h>
#include <unistd.h>

#define READER_TIMEOUT_MS 1000 /* a box that does not read for that long after the last frame has stopped */

/* How far the box has taken what was due: octets of a row. A line does not wait for it; what it has not taken yet waits here. */
struct taken {
    uint64_t row;
    int64_t octets;
};

static int64_t length_of(const struct schedule *s, uint64_t row) { return s->stop[row] - s->start[row]; }

static bool behind(const struct taken *t, uint64_t row, int64_t octets) { return t->row < row || t->octets < octets; }

/* Hands over everything that is due: the rows before `row`, and `octets` of that one; as much as the box takes. */
static int hand_over(const struct schedule *s, int fd, struct taken *t, uint64_t row, int64_t octets)
{
    while (behind(t, row, octets)) {
        int64_t end = t->row < row ? length_of(s, t->row) : octets;
        if (t->octets == end) {
            *t = (struct taken){t->row + 1u, 0};
            continue;
        }
        ssize_t n = write(fd, s->octets + s->start[t->row] + t->octets, (size_t)(end - t->octets));
        if (n > 0) t->octets += n;
        else if (n == 0 || errno == EAGAIN) return 0;
        else if (errno != EINTR) return -errno;
    }
    return 0;
}

static int hand_over_the_rest(const struct schedule *s, int fd, struct taken *t)
{
    uint64_t last = s->rows - 1u;
    for (;;) {
        struct pollfd p = {fd, POLLOUT, 0};
        int broke = hand_over(s, fd, t, last, length_of(s, last));
        if (broke != 0 || !behind(t, last, length_of(s, last))) return broke;
        if (poll(&p, 1, READER_TIMEOUT_MS) == 0) return -ETIMEDOUT;
    }
}

/* Both ends of the line show the frame: the first octet leaves at `start_ns`, the last has arrived at `done_ns`, if anybody is there. */
static int record(const struct line *l, uint64_t row, int64_t start_ns, int64_t done_ns, bool arrived)
{
    struct seen out = {l->tap_out, l->from_ip, l->to_ip, (uint16_t)l->port, start_ns};
    struct seen in = {l->tap_in, l->from_ip, l->to_ip, (uint16_t)l->port, done_ns};
    const uint8_t *payload = l->payload + l->payload_start[row];
    uint32_t length = (uint32_t)(l->payload_stop[row] - l->payload_start[row]);
    if (l->capture_fd < 0) return 0;
    if (capture_write(l->capture_fd, &out, payload, length) != 0) return -errno;
    return !arrived || capture_write(l->capture_fd, &in, payload, length) == 0 ? 0 : -errno;
}

int pace_frames(const struct schedule *s, const struct line *l)
{
    struct taken taken = {0, 0};
    int64_t free_ns = 0; /* when the line has carried the last octet of the frame before */
    int broke = 0;
    for (uint64_t row = 0; row < s->rows && broke == 0; row++) {
        int64_t start_ns = s->at_ns[row] > free_ns ? s->at_ns[row] : free_ns, handed_ns = start_ns;
        int64_t length = length_of(s, row);
        for (int64_t done = 0; done < length && broke == 0;) {
            int64_t piece = length - done < (int64_t)l->octets_per_write ? length - done : (int64_t)l->octets_per_write;
            done += piece;
            /* the instant before the octets are handed over: the far side cannot have had them earlier */
            handed_ns = wait_until(start_ns + (int64_t)((double)done * l->octet_ns + 0.5), s->spin_ns);
            if (l->fd >= 0) broke = hand_over(s, l->fd, &taken, row, done);
        }
        free_ns = start_ns + (int64_t)((double)length * l->octet_ns + 0.5);
        note_departure(s, row, handed_ns, STAMP_USER);
        int failed = record(l, row, start_ns, handed_ns, l->fd >= 0 && broke == 0);
        if (failed != 0) return failed;
    }
    return broke != 0 || l->fd < 0 || s->rows == 0u ? broke : hand_over_the_rest(s, l->fd, &taken);
}
