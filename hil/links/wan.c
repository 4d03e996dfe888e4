/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The WAN between the nodes: every wire takes datagrams on one socket, holds each for the delay its plan says, and sends it on
 * from another; both ends are taps. Delay counts from the kernel's receive stamp, so the wire's own scheduling does not add up.
 * One thread, one heap, one ppoll; it sleeps until shortly before the next datagram is due and spins the rest.
 *
 * It knows nothing of ASTERIX and judges nothing. Called through ctypes by hil/links/wan.py, which opens the sockets.
 */
#define _GNU_SOURCE
#include "../drivers/c/capture_block.h"
#include "../drivers/c/clock.h"

#include <netinet/in.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <linux/errqueue.h> /* after <time.h>, which it needs */
#include <linux/net_tstamp.h>

#define SLOTS 4096u
#define WIRES_MAX 64u
#define COPIES_MAX 2u
#define LATE_STEPS 256u
#define UNPLUGGED_SOURCE 1u /* ends of a wire at which the cable is out, as in cable.py */
#define UNPLUGGED_SINK 2u
#define OVERTAKEN 0x80u /* flag beside the copies: later datagrams may pass this one */

/* mirrored field by field in wan.py; while the wires run others read the counters and write `unplugged` */
struct wire {
    int32_t in_fd, out_fd;
    int32_t tap_in, tap_out; /* interface number in the capture */
    uint32_t in_ip, out_ip, to_ip; /* network order: where it listens, where it sends from, whereto */
    uint16_t port, unplugged;
    uint64_t plan_length;
    const int64_t *delay_ns;
    const uint8_t *copies; /* 0 = lost, 1 = passed, 2 = duplicated; | OVERTAKEN */
    uint64_t received, sent, lost, duplicated, cut;
    uint64_t send_errors, overflowed, kernel_drops, unstamped;
    int64_t latest_delay_ns, worst_lateness_ns, latest_due_ns;
    uint32_t late[LATE_STEPS]; /* how many left how late against their plan; see late_step */
};

struct held {
    int64_t due_ns;
    uint64_t order; /* keeps the order of datagrams that are due together */
    uint32_t slot, wire;
};

struct slot {
    uint32_t length, users;
    uint8_t data[DATAGRAM_MAX];
};

struct wan {
    struct wire *wires;
    uint32_t count, held, free_slots;
    uint64_t order;
    int capture_fd;
    struct slot *slots;
    uint32_t *free_list;
    struct held *heap;
};

static bool unplugged(const struct wire *e, unsigned end)
{
    return (__atomic_load_n(&e->unplugged, __ATOMIC_RELAXED) & end) != 0u;
}

static bool before(const struct held *a, const struct held *b)
{
    return a->due_ns != b->due_ns ? a->due_ns < b->due_ns : a->order < b->order;
}

static void hold(struct wan *w, struct held e)
{
    uint32_t i = w->held++;
    while (i > 0u && before(&e, &w->heap[(i - 1u) / 2u])) {
        w->heap[i] = w->heap[(i - 1u) / 2u];
        i = (i - 1u) / 2u;
    }
    w->heap[i] = e;
}

static struct held release(struct wan *w)
{
    struct held first = w->heap[0], last = w->heap[--w->held];
    uint32_t i = 0;
    for (;;) {
        uint32_t child = 2u * i + 1u;
        if (child >= w->held) break;
        if (child + 1u < w->held && before(&w->heap[child + 1u], &w->heap[child])) child++;
        if (!before(&w->heap[child], &last)) break;
        w->heap[i] = w->heap[child];
        i = child;
    }
    w->heap[i] = last;
    return first;
}

/* ---- receiving ---- */

static void accept_datagram(struct wan *w, uint32_t index, uint32_t slot, int64_t stamp_ns)
{
    struct wire *e = &w->wires[index];
    uint64_t turn = e->received++ % e->plan_length;
    bool overtaken = (e->copies[turn] & OVERTAKEN) != 0u;
    uint32_t copies = e->copies[turn] & ~OVERTAKEN;
    if (copies > COPIES_MAX) copies = COPIES_MAX;
    if (unplugged(e, UNPLUGGED_SOURCE)) {
        e->cut++;
        return;
    }
    if (copies == 0u) {
        e->lost++;
        return;
    }
    if (copies > 1u) e->duplicated += copies - 1u;
    w->free_slots--;
    w->slots[slot].users = copies;
    e->latest_delay_ns = e->delay_ns[turn];
    int64_t due_ns = stamp_ns + e->delay_ns[turn];
    if (!overtaken && due_ns < e->latest_due_ns) due_ns = e->latest_due_ns;
    if (!overtaken) e->latest_due_ns = due_ns;
    for (uint32_t c = 0; c < copies; c++) hold(w, (struct held){due_ns, w->order++, slot, index});
}

static int receive_all(struct wan *w, uint32_t index)
{
    struct wire *e = &w->wires[index];
    for (;;) {
        union { char room[256]; struct cmsghdr align; } control;
        struct sockaddr_in from;
        bool full = w->free_slots == 0u;
        uint32_t slot = full ? SLOTS : w->free_list[w->free_slots - 1u]; /* the spare slot takes what cannot be held */
        struct slot *s = &w->slots[slot];
        struct iovec io = {s->data, sizeof s->data};
        struct msghdr m = {.msg_name = &from, .msg_namelen = sizeof from, .msg_iov = &io, .msg_iovlen = 1,
                           .msg_control = control.room, .msg_controllen = sizeof control.room};
        ssize_t n = recvmsg(e->in_fd, &m, MSG_DONTWAIT);
        if (n < 0 && (errno == EAGAIN || errno == EINTR)) return 0;
        if (n < 0 && errno == ECONNREFUSED) continue; /* an echo of an earlier datagram */
        if (n < 0) return -1;
        int64_t stamp_ns = 0;
        for (struct cmsghdr *c = CMSG_FIRSTHDR(&m); c != NULL; c = CMSG_NXTHDR(&m, c)) {
            if (c->cmsg_level != SOL_SOCKET) continue;
            if (c->cmsg_type == SCM_TIMESTAMPNS) {
                struct timespec t;
                memcpy(&t, CMSG_DATA(c), sizeof t);
                stamp_ns = stamp_of(&t);
            } else if (c->cmsg_type == SO_RXQ_OVFL) {
                uint32_t drops;
                memcpy(&drops, CMSG_DATA(c), sizeof drops);
                e->kernel_drops = drops;
            }
        }
        if (stamp_ns == 0) {
            stamp_ns = now_ns();
            e->unstamped++;
        }
        s->length = (uint32_t)n;
        struct seen at = {e->tap_in, from.sin_addr.s_addr, e->in_ip, e->port, stamp_ns};
        if (capture_write(w->capture_fd, &at, s->data, s->length) != 0) return -1;
        if (full || (m.msg_flags & MSG_TRUNC) != 0) e->overflowed++;
        else accept_datagram(w, index, slot, stamp_ns);
    }
}

/* ---- sending ---- */

/* The kernel queues the transmit stamp while send() runs; the wait is for drivers that do it a little later. */
static int64_t transmit_stamp(struct wire *e)
{
    for (int attempt = 0; attempt < 20; attempt++) {
        union { char room[256]; struct cmsghdr align; } control;
        struct msghdr m = {.msg_control = control.room, .msg_controllen = sizeof control.room};
        if (recvmsg(e->out_fd, &m, MSG_ERRQUEUE | MSG_DONTWAIT) < 0) {
            struct pollfd p = {e->out_fd, 0, 0};
            struct timespec wait = {0, 50000};
            (void)ppoll(&p, 1, &wait, NULL);
            continue;
        }
        for (struct cmsghdr *c = CMSG_FIRSTHDR(&m); c != NULL; c = CMSG_NXTHDR(&m, c)) {
            if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_TIMESTAMPING) continue;
            struct scm_timestamping stamps;
            memcpy(&stamps, CMSG_DATA(c), sizeof stamps);
            return stamp_of(&stamps.ts[0]);
        }
    }
    return 0;
}

/* Step of a lateness: eight steps to each power of two of ns. */
static uint32_t late_step(int64_t lateness_ns)
{
    if (lateness_ns < 8) return 0;
    uint32_t octave = 63u - (uint32_t)__builtin_clzll((uint64_t)lateness_ns);
    uint32_t step = (octave - 2u) * 8u + ((uint32_t)(lateness_ns >> (octave - 3u)) & 7u);
    return step < LATE_STEPS ? step : LATE_STEPS - 1u;
}

static int send_out(struct wan *w, const struct held *h)
{
    struct wire *e = &w->wires[h->wire];
    struct slot *s = &w->slots[h->slot];
    int64_t began_ns = now_ns(), lateness_ns = began_ns - h->due_ns;
    ssize_t n = send(e->out_fd, s->data, s->length, 0);
    if (n < 0 && errno == ECONNREFUSED) n = send(e->out_fd, s->data, s->length, 0); /* the error belonged to an earlier one */
    if (n < 0) {
        e->send_errors++;
    } else {
        int64_t stamp_ns = transmit_stamp(e);
        if (stamp_ns == 0) {
            stamp_ns = began_ns;
            e->unstamped++;
        }
        e->sent++;
        if (lateness_ns > e->worst_lateness_ns) e->worst_lateness_ns = lateness_ns;
        e->late[late_step(lateness_ns)]++;
        struct seen at = {e->tap_out, e->out_ip, e->to_ip, e->port, stamp_ns};
        if (capture_write(w->capture_fd, &at, s->data, s->length) != 0) return -1;
    }
    return 0;
}

static int send_one(struct wan *w, struct held h)
{
    struct wire *e = &w->wires[h.wire];
    if (unplugged(e, UNPLUGGED_SINK)) e->cut++;
    else if (send_out(w, &h) != 0) return -1;
    if (--w->slots[h.slot].users == 0u) w->free_list[w->free_slots++] = h.slot;
    return 0;
}

static int send_due(struct wan *w, int64_t spin_ns)
{
    while (w->held > 0u && w->heap[0].due_ns <= now_ns() + spin_ns) {
        while (now_ns() < w->heap[0].due_ns) { }
        if (send_one(w, release(w)) != 0) return -1;
    }
    return 0;
}

/* Runs until something arrives (or the writer closes) on control_fd. Returns 0, or -errno of what broke. */
int wan_run(struct wire *wires, uint32_t count, int capture_fd, int control_fd, int64_t spin_ns)
{
    struct wan w = {.wires = wires, .count = count, .free_slots = SLOTS, .capture_fd = capture_fd};
    struct pollfd watched[WIRES_MAX + 1u];
    int result = 0;
    if (count > WIRES_MAX) return -E2BIG;
    w.slots = malloc((SLOTS + 1u) * sizeof *w.slots);
    w.free_list = malloc(SLOTS * sizeof *w.free_list);
    w.heap = malloc(COPIES_MAX * SLOTS * sizeof *w.heap);
    if (w.slots == NULL || w.free_list == NULL || w.heap == NULL) result = -ENOMEM;
    for (uint32_t i = 0; i < SLOTS && result == 0; i++) w.free_list[i] = i;
    for (uint32_t i = 0; i < count; i++) watched[i] = (struct pollfd){wires[i].in_fd, POLLIN, 0};
    watched[count] = (struct pollfd){control_fd, POLLIN, 0};
    while (result == 0 && (watched[count].revents & (POLLIN | POLLHUP)) == 0) {
        struct timespec wait = {1, 0};
        if (w.held > 0u) {
            int64_t left_ns = w.heap[0].due_ns - spin_ns - now_ns();
            if (left_ns < 0) left_ns = 0;
            wait = (struct timespec){left_ns / NS_PER_S, left_ns % NS_PER_S};
        }
        if (ppoll(watched, count + 1u, &wait, NULL) < 0 && errno != EINTR) result = -errno;
        for (uint32_t i = 0; i < count && result == 0; i++)
            if ((watched[i].revents & (POLLIN | POLLERR)) != 0 && receive_all(&w, i) != 0) result = -errno;
        if (result == 0 && send_due(&w, spin_ns) != 0) result = -errno;
    }
    free(w.slots);
    free(w.free_list);
    free(w.heap);
    return result;
}
