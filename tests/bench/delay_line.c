/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The reference delay line: takes datagrams on one socket and sends each on from another after the delay that a plan says, loses,
 * doubles or holds back those that it says, and writes down with kernel stamps of its own when each came and went. Shares nothing
 * with the harness: it is the known truth that the harness is held to (known_truth.py).
 *
 * delay_line LISTEN SEND_FROM TO PORT PLAN STAMPS fifo|ordinary
 *   PLAN    rows of two int64: delay in ns, copies (0 lost, 1, 2)
 *   STAMPS  rows of three int64, in order of arrival: received, sent, second copy sent (CLOCK_REALTIME, ns; 0: never)
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <linux/errqueue.h>
#include <linux/net_tstamp.h>

#define WAITING 8192u
#define DATAGRAM 2048u
#define SPIN_NS 60000

struct plan_row { int64_t delay_ns, copies; };
struct stamp_row { int64_t received, sent, again; };
struct waiting { int64_t due_ns; uint64_t row; uint32_t length; uint8_t data[DATAGRAM]; };

static struct waiting store[WAITING];
static uint32_t order[WAITING], spare[WAITING]; /* rows of `store`, soonest due last; rows that are free */

static int64_t clock_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static int64_t stamp_in(struct msghdr *m, int type)
{
    for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c != NULL; c = CMSG_NXTHDR(m, c))
        if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == type) {
            struct timespec t;
            memcpy(&t, CMSG_DATA(c), sizeof t);
            return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
        }
    return 0;
}

static int64_t send_stamped(int fd, const struct waiting *w)
{
    union { char room[256]; struct cmsghdr align; } control;
    if (send(fd, w->data, w->length, 0) < 0 && send(fd, w->data, w->length, 0) < 0) return 0;
    for (int attempt = 0; attempt < 1000; attempt++) {
        struct msghdr m = {.msg_control = control.room, .msg_controllen = sizeof control.room};
        if (recvmsg(fd, &m, MSG_ERRQUEUE | MSG_DONTWAIT) >= 0) {
            int64_t stamp = stamp_in(&m, SCM_TIMESTAMPING);
            if (stamp != 0) return stamp;
        }
    }
    return 0;
}

static int open_socket(const char *local, const char *remote, uint16_t port)
{
    struct sockaddr_in here = {.sin_family = AF_INET, .sin_port = htons(remote == NULL ? port : 0)};
    struct sockaddr_in there = {.sin_family = AF_INET, .sin_port = htons(port)};
    int fd = socket(AF_INET, SOCK_DGRAM, 0), on = 1, room = 8 << 20;
    int flags = SOF_TIMESTAMPING_TX_SOFTWARE | SOF_TIMESTAMPING_SOFTWARE | SOF_TIMESTAMPING_OPT_TSONLY;
    inet_pton(AF_INET, local, &here.sin_addr);
    if (fd < 0 || bind(fd, (struct sockaddr *)&here, sizeof here) != 0) { perror(local); exit(2); }
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof room);
    if (remote == NULL) {
        setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof on);
        return fd;
    }
    inet_pton(AF_INET, remote, &there.sin_addr);
    if (connect(fd, (struct sockaddr *)&there, sizeof there) != 0) { perror(remote); exit(2); }
    setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPING, &flags, sizeof flags);
    return fd;
}

static void *map_file(const char *path, size_t octets, int writable)
{
    int fd = open(path, writable ? O_RDWR | O_CREAT : O_RDONLY, 0644);
    if (fd < 0 || (writable && ftruncate(fd, (off_t)octets) != 0)) { perror(path); exit(2); }
    void *area = mmap(NULL, octets, writable ? PROT_READ | PROT_WRITE : PROT_READ, MAP_SHARED, fd, 0);
    if (area == MAP_FAILED) { perror(path); exit(2); }
    return area;
}

int main(int count, char **word)
{
    struct stat about;
    if (count != 8 || stat(word[5], &about) != 0) { fprintf(stderr, "see the head of delay_line.c\n"); return 2; }
    uint64_t rows = (uint64_t)about.st_size / sizeof(struct plan_row), taken = 0, handled = 0;
    const struct plan_row *plan = map_file(word[5], (size_t)about.st_size, 0);
    struct stamp_row *stamps = map_file(word[6], rows * sizeof *stamps, 1);
    int in = open_socket(word[1], NULL, (uint16_t)atoi(word[4])), out = open_socket(word[2], word[3], (uint16_t)atoi(word[4]));
    uint32_t held = 0, unused = WAITING;
    struct sched_param priority = {.sched_priority = 45};
    prctl(PR_SET_PDEATHSIG, SIGKILL); /* goes with the script that started it */
    for (uint32_t i = 0; i < WAITING; i++) spare[i] = i;
    if (strcmp(word[7], "fifo") == 0) {
        if (sched_setscheduler(0, SCHED_FIFO, &priority) != 0) prctl(PR_SET_TIMERSLACK, 1);
        mlockall(MCL_CURRENT | MCL_FUTURE);
    }
    puts("ready");
    fflush(stdout);
    while (handled < rows) {
        struct pollfd p = {in, POLLIN, 0};
        int64_t left = held > 0 ? store[order[held - 1]].due_ns - SPIN_NS - clock_ns() : 1000000000;
        struct timespec wait = {left > 0 ? left / 1000000000 : 0, left > 0 ? left % 1000000000 : 0};
        ppoll(&p, 1, &wait, NULL);
        while (taken < rows && unused > 0) {
            struct waiting *w = &store[spare[unused - 1]];
            union { char room[256]; struct cmsghdr align; } control;
            struct iovec io = {w->data, DATAGRAM};
            struct msghdr m = {.msg_iov = &io, .msg_iovlen = 1, .msg_control = control.room, .msg_controllen = sizeof control.room};
            ssize_t n = recvmsg(in, &m, MSG_DONTWAIT);
            if (n < 0) break;
            stamps[taken].received = stamp_in(&m, SCM_TIMESTAMPNS);
            w->due_ns = stamps[taken].received + plan[taken].delay_ns;
            w->row = taken;
            w->length = (uint32_t)n;
            if (plan[taken++].copies == 0) { handled++; continue; }
            uint32_t at = held++, me = spare[--unused];
            while (at > 0 && store[order[at - 1]].due_ns <= w->due_ns) { order[at] = order[at - 1]; at--; }
            order[at] = me;
        }
        while (held > 0 && store[order[held - 1]].due_ns <= clock_ns() + SPIN_NS) {
            uint32_t me = order[--held];
            struct waiting *w = &store[me];
            while (clock_ns() < w->due_ns) { }
            stamps[w->row].sent = send_stamped(out, w);
            if (plan[w->row].copies > 1) stamps[w->row].again = send_stamped(out, w);
            spare[unused++] = me;
            handled++;
        }
    }
    return 0;
}
