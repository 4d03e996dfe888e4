/* SPDX-License-Identifier: GPL-2.0-or-later */
#define _GNU_SOURCE
#include "ports.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

enum { RECEIVE_BUFFER = 8 << 20 };

static bool cannot(const char *what, const char *port, const char *where);
static bool point_link(struct pty *pty, const char *port);
static int udp_socket(const char *port, const struct endpoint *at);
static bool is_multicast(struct in_addr address);

bool pty_open(struct pty *pty, const char *port, const char *link)
{
    struct termios raw;
    pty->slave = -1;
    pty->link = NULL;
    pty->master = posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
    if (pty->master < 0 || grantpt(pty->master) != 0 || unlockpt(pty->master) != 0 ||
        ptsname_r(pty->master, pty->slave_name, sizeof pty->slave_name) != 0) {
        return cannot("open a pty for", port, link);
    }
    pty->slave = open(pty->slave_name, O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (pty->slave < 0 || tcgetattr(pty->slave, &raw) != 0) {
        return cannot("open", port, pty->slave_name);
    }
    cfmakeraw(&raw);
    if (tcsetattr(pty->slave, TCSANOW, &raw) != 0) {
        return cannot("set up", port, pty->slave_name);
    }
    pty->link = link;
    return point_link(pty, port);
}

bool pty_adopt(struct pty *pty, const char *port, const char *link, int master, int slave)
{
    uint8_t lost[4096];
    *pty = (struct pty){.master = master, .slave = slave, .link = link};
    if (ptsname_r(master, pty->slave_name, sizeof pty->slave_name) != 0) {
        pty->link = NULL;
        return cannot("take over the pty of", port, link);
    }
    while (read(master, lost, sizeof lost) > 0) {
    }
    return true;
}

void pty_close(struct pty *pty)
{
    char target[sizeof pty->slave_name];
    if (pty->link != NULL) {
        const ssize_t n = readlink(pty->link, target, sizeof target);
        if (n == (ssize_t)strlen(pty->slave_name) && memcmp(target, pty->slave_name, (size_t)n) == 0) {
            (void)unlink(pty->link); /* unless another box has taken the name over */
        }
        pty->link = NULL;
    }
    if (pty->slave >= 0) {
        (void)close(pty->slave);
    }
    if (pty->master >= 0) {
        (void)close(pty->master);
    }
    pty->slave = pty->master = -1;
}

int udp_receiver(const char *port, const struct endpoint *at)
{
    const int buffer = RECEIVE_BUFFER;
    const int fd = udp_socket(port, at);
    if (fd < 0) {
        return -1;
    }
    if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &buffer, sizeof buffer) != 0) {
        (void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &buffer, sizeof buffer); /* as much as an ordinary user may have */
    }
    const struct ip_mreq group = {.imr_multiaddr = at->at.sin_addr, .imr_interface = at->source};
    if (bind(fd, (const struct sockaddr *)&at->at, sizeof at->at) != 0 ||
        (is_multicast(at->at.sin_addr) && setsockopt(fd, IPPROTO_IP, IP_ADD_MEMBERSHIP, &group, sizeof group) != 0)) {
        (void)cannot("bind", port, at->text);
        (void)close(fd);
        return -1;
    }
    return fd;
}

int udp_sender(const char *port, const struct endpoint *at)
{
    const int fd = udp_socket(port, at);
    if (fd < 0) {
        return -1;
    }
    const struct sockaddr_in from = {.sin_family = AF_INET, .sin_addr = at->source};
    if (at->source.s_addr != htonl(INADDR_ANY) &&
        (bind(fd, (const struct sockaddr *)&from, sizeof from) != 0 ||
         setsockopt(fd, IPPROTO_IP, IP_MULTICAST_IF, &at->source, sizeof at->source) != 0)) {
        (void)cannot("bind", port, at->text);
        (void)close(fd);
        return -1;
    }
    return fd;
}

static bool cannot(const char *what, const char *port, const char *where)
{
    (void)fprintf(stderr, "rib: cannot %s %s %s: %s\n", what, port, where, strerror(errno));
    return false;
}

static bool point_link(struct pty *pty, const char *port)
{
    struct stat there;
    if (lstat(pty->link, &there) == 0 && S_ISLNK(there.st_mode)) {
        (void)unlink(pty->link); /* left by a box that was killed */
    }
    if (symlink(pty->slave_name, pty->link) != 0) {
        const bool done = cannot("make", port, pty->link);
        pty->link = NULL;
        return done;
    }
    return true;
}

static int udp_socket(const char *port, const struct endpoint *at)
{
    const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        (void)cannot("open", port, at->text);
    }
    return fd;
}

static bool is_multicast(struct in_addr address)
{
    return (ntohl(address.s_addr) >> 28) == 0xe;
}
