/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The Ethernet pacer: datagrams on schedule. It runs without Python's interpreter lock and decides nothing: times and octets are in
 * the schedule. What is due at once leaves in as few calls as the kernel allows (sendmmsg; for bulk traffic UDP_SEGMENT).
 */
#define _GNU_SOURCE
#include "clock.h"
#include "pacer.h"

#include <netinet/in.h>
#include <poll.h>
#include <stdbool.h>
#include <sys/socket.h>

#include <linux/errqueue.h> /* after <time.h>, which it needs */
#include <linux/net_tstamp.h>

#define BATCH 64u /* datagrams a call: UDP_MAX_SEGMENTS of older kernels */
#define SEGMENTED_MAX 65000 /* octets a call; an IPv4 datagram has 65,535 at most */
#define UDP_SEGMENT_OPTION 103
#define CALLS_KEPT 8192u /* calls whose stamps may still be on their way */
#define COLLECT_NS 10000 /* time that must be left before the next departure to look for stamps */
#define PATIENCE_MS 20 /* how long to wait for the last stamps */

/* The first row of each call, so that the count in a transmit stamp leads back to its row. */
struct calls {
    uint64_t made, stamped;
    uint64_t first_row[CALLS_KEPT];
};

/* Rows from `row` on that are due by `now` and lie one behind the other with one length (the last may be shorter). */
static uint64_t segments_due(const struct schedule *s, uint64_t row, int64_t now)
{
    int64_t length = s->stop[row] - s->start[row], total = length;
    uint64_t end = row + 1u;
    while (end < s->rows && end - row < BATCH && s->at_ns[end] <= now && s->start[end] == s->stop[end - 1u]) {
        int64_t next = s->stop[end] - s->start[end];
        if (next > length || next == 0 || total + next > SEGMENTED_MAX) break;
        total += next;
        end++;
        if (next < length) break;
    }
    return end - row;
}

static int send_segments(const struct schedule *s, int fd, uint64_t row, uint64_t count)
{
    union { char room[CMSG_SPACE(sizeof(uint16_t))]; struct cmsghdr align; } control = {0};
    struct iovec io = {(void *)(uintptr_t)(s->octets + s->start[row]), (size_t)(s->stop[row + count - 1u] - s->start[row])};
    struct msghdr m = {.msg_iov = &io, .msg_iovlen = 1};
    if (count > 1u) {
        uint16_t length = (uint16_t)(s->stop[row] - s->start[row]);
        m.msg_control = control.room;
        m.msg_controllen = sizeof control.room;
        struct cmsghdr *c = CMSG_FIRSTHDR(&m);
        c->cmsg_level = IPPROTO_UDP;
        c->cmsg_type = UDP_SEGMENT_OPTION;
        c->cmsg_len = CMSG_LEN(sizeof length);
        memcpy(CMSG_DATA(c), &length, sizeof length);
    }
    return sendmsg(fd, &m, 0) < 0 ? -errno : (int)count;
}

/* Rows of mixed lengths that are due by `now`, and what a kernel without UDP_SEGMENT gets. */
static int send_apart(const struct schedule *s, int fd, uint64_t row, int64_t now)
{
    struct mmsghdr messages[BATCH];
    struct iovec io[BATCH];
    uint32_t count = 0;
    memset(messages, 0, sizeof messages);
    while (count < BATCH && row + count < s->rows && (count == 0u || s->at_ns[row + count] <= now)) {
        uint64_t at = row + count;
        io[count] = (struct iovec){(void *)(uintptr_t)(s->octets + s->start[at]), (size_t)(s->stop[at] - s->start[at])};
        messages[count].msg_hdr.msg_iov = &io[count];
        messages[count].msg_hdr.msg_iovlen = 1;
        count++;
    }
    int sent = sendmmsg(fd, messages, count, 0);
    return sent < 0 ? -errno : sent;
}

/* Takes a transmit stamp from the error queue and notes it; false when there is none. */
static bool collect_one(const struct schedule *s, int fd, struct calls *calls)
{
    union { char room[256]; struct cmsghdr align; } control;
    struct msghdr m = {.msg_control = control.room, .msg_controllen = sizeof control.room};
    struct scm_timestamping stamps = {0};
    struct sock_extended_err about = {0};
    bool found = false;
    if (recvmsg(fd, &m, MSG_ERRQUEUE | MSG_DONTWAIT) < 0) return false;
    for (struct cmsghdr *c = CMSG_FIRSTHDR(&m); c != NULL; c = CMSG_NXTHDR(&m, c)) {
        if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_TIMESTAMPING) memcpy(&stamps, CMSG_DATA(c), sizeof stamps);
        if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_RECVERR) {
            memcpy(&about, CMSG_DATA(c), sizeof about);
            found = about.ee_origin == SO_EE_ORIGIN_TIMESTAMPING;
        }
    }
    uint64_t behind = (uint32_t)((uint32_t)calls->made - about.ee_data); /* calls since that one; ee_data counts modulo 2^32 */
    if (!found || stamps.ts[0].tv_sec == 0 || behind == 0u || behind > calls->made || behind > CALLS_KEPT) return true;
    uint64_t call = calls->made - behind;
    note_departure(s, calls->first_row[call % CALLS_KEPT], stamp_of(&stamps.ts[0]), STAMP_KERNEL_TX);
    calls->stamped++;
    return true;
}

static bool stamps_are_on(int fd)
{
    int flags[2] = {0, 0};
    socklen_t length = sizeof flags;
    return getsockopt(fd, SOL_SOCKET, SO_TIMESTAMPING, flags, &length) == 0 && (flags[0] & SOF_TIMESTAMPING_OPT_ID) != 0;
}

int pace_datagrams(const struct schedule *s, int fd, int bulk)
{
    static struct calls calls;
    bool stamped = stamps_are_on(fd), can_segment = bulk != 0;
    calls.made = calls.stamped = 0;
    for (uint64_t row = 0; row < s->rows;) {
        /* stamps are collected between waking and sending, which also brings the socket's code and data back into the cache */
        if (s->at_ns[row] - now_ns() > s->spin_ns) sleep_until(s->at_ns[row] - s->spin_ns);
        while (stamped && s->at_ns[row] - now_ns() > COLLECT_NS && collect_one(s, fd, &calls)) { }
        int64_t now = wait_until(s->at_ns[row], s->spin_ns);
        uint64_t alike = can_segment ? segments_due(s, row, now) : 1u;
        bool more = row + alike < s->rows && s->at_ns[row + alike] <= now;
        bool apart = alike == 1u && more;
        int sent = apart ? send_apart(s, fd, row, now) : send_segments(s, fd, row, alike);
        if (sent == -ECONNREFUSED || sent == -EINTR) continue; /* the echo of an earlier datagram */
        if (sent < 0 && alike > 1u && !apart && sent != -ENOBUFS) {
            can_segment = false; /* a kernel or a device that does not split datagrams */
            continue;
        }
        if (sent < 0) return sent;
        for (uint64_t k = row; k < row + (uint64_t)sent; k++) {
            note_departure(s, k, now, STAMP_USER);
            if (k == row || apart) calls.first_row[calls.made++ % CALLS_KEPT] = k;
        }
        row += (uint64_t)sent;
    }
    for (int waited_ms = 0; stamped && calls.stamped < calls.made && waited_ms < PATIENCE_MS; waited_ms++) {
        struct pollfd p = {fd, 0, 0};
        while (collect_one(s, fd, &calls)) { }
        (void)poll(&p, 1, 1);
    }
    return 0;
}
