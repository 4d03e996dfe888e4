/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What this machine can do at best, as plain loops in C: the limits that timing.py holds the harness and its peers to. Called through
 * ctypes; knows nothing of the harness.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define BATCH 64
#define DATAGRAM 2048

static int64_t clock_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static void sleep_to(int64_t at_ns)
{
    struct timespec t = {at_ns / 1000000000, at_ns % 1000000000};
    while (clock_nanosleep(CLOCK_REALTIME, TIMER_ABSTIME, &t, NULL) == EINTR) { }
}

/* Sends `n` datagrams of `length` octets on a connected socket, 64 a call. */
int64_t limit_send(int fd, const uint8_t *octets, int64_t length, int64_t n)
{
    struct mmsghdr m[BATCH];
    struct iovec v = {(void *)(uintptr_t)octets, (size_t)length};
    memset(m, 0, sizeof m);
    for (int i = 0; i < BATCH; i++) { m[i].msg_hdr.msg_iov = &v; m[i].msg_hdr.msg_iovlen = 1; }
    for (int64_t sent = 0; sent < n;) {
        int r = sendmmsg(fd, m, (unsigned)(n - sent < BATCH ? n - sent : BATCH), 0);
        if (r < 0 && errno != ECONNREFUSED) return -errno;
        if (r > 0) sent += r;
    }
    return n;
}

/* Receives until nothing came for idle_ms; counts datagrams and notes the first `room` kernel stamps and sequence numbers. */
int64_t limit_receive(int fd, int64_t idle_ms, int64_t room, int64_t *stamps, uint32_t *sequence)
{
    static struct mmsghdr m[BATCH];
    static struct iovec v[BATCH];
    static uint8_t data[BATCH][DATAGRAM], control[BATCH][128] __attribute__((aligned(8)));
    struct pollfd p = {fd, POLLIN, 0};
    int64_t n = 0;
    for (;;) {
        for (int i = 0; i < BATCH; i++) {
            v[i] = (struct iovec){data[i], DATAGRAM};
            m[i].msg_hdr = (struct msghdr){.msg_iov = &v[i], .msg_iovlen = 1, .msg_control = control[i], .msg_controllen = 128};
        }
        int r = recvmmsg(fd, m, BATCH, MSG_DONTWAIT, NULL);
        if (r <= 0) {
            if (poll(&p, 1, (int)idle_ms) <= 0) return n;
            continue;
        }
        for (int i = 0; i < r; i++, n++) {
            struct timespec t = {0, 0};
            for (struct cmsghdr *c = CMSG_FIRSTHDR(&m[i].msg_hdr); c != NULL; c = CMSG_NXTHDR(&m[i].msg_hdr, c))
                if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_TIMESTAMPNS) memcpy(&t, CMSG_DATA(c), sizeof t);
            if (n < room) {
                stamps[n] = (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
                memcpy(&sequence[n], data[i], sizeof *sequence);
            }
        }
    }
}

/* The pacer to compare with: sleep until `spin_ns` before each instant, spin, send; the first four octets number the datagrams. */
int64_t limit_pace(int fd, uint8_t *octets, int64_t length, const int64_t *at_ns, int64_t n, int64_t spin_ns)
{
    for (int64_t k = 0; k < n; k++) {
        uint32_t sequence = (uint32_t)k;
        memcpy(octets, &sequence, sizeof sequence);
        if (clock_ns() < at_ns[k] - spin_ns) sleep_to(at_ns[k] - spin_ns);
        while (clock_ns() < at_ns[k]) { }
        if (send(fd, octets, (size_t)length, 0) < 0 && errno != ECONNREFUSED) return -errno;
    }
    return n;
}

/* How late a sleeper is woken, `n` times at one period: the machine's own floor. */
void limit_wake(int64_t period_ns, int64_t n, int64_t *late_ns)
{
    int64_t start_ns = clock_ns() + period_ns;
    for (int64_t k = 0; k < n; k++) {
        sleep_to(start_ns + k * period_ns);
        late_ns[k] = clock_ns() - (start_ns + k * period_ns);
    }
}

/* Reads from a line until `total` octets came or 2 s passed without any; notes how many had come when. Returns the number of notes. */
int64_t limit_read(int fd, int64_t total, int64_t room, int64_t *stamps, int64_t *count)
{
    uint8_t data[65536];
    struct pollfd p = {fd, POLLIN, 0};
    int64_t got = 0, n = 0;
    while (got < total && n < room && poll(&p, 1, 2000) > 0) {
        ssize_t r = read(fd, data, sizeof data);
        if (r <= 0) break;
        stamps[n] = clock_ns();
        got += r;
        count[n++] = got;
    }
    return n;
}
