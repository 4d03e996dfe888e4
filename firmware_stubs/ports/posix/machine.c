/* SPDX-License-Identifier: GPL-2.0-or-later */
#define _GNU_SOURCE
#include "machine.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "build_id.h"
#include "time_units.h"
#include "watchdog.h"

static bool open_line(struct pty *pty, const char *port, const char *link, const int *left);

void machine_init(struct hal *self)
{
    memset(self, 0, sizeof *self);
    self->console.master = self->console.slave = self->radar_serial.master = self->radar_serial.slave = -1;
    self->radar_eth = self->link_in = self->dump = -1;
    self->out[HAL_LINK_OUT] = self->out[HAL_C2_OUT] = -1;
}

bool machine_open(struct hal *self)
{
    const struct options *options = &self->options;
    if (!open_line(&self->console, "console", options->console, self->boot.fds)) {
        return false;
    }
    if (options->radar_serial != NULL &&
        !open_line(&self->radar_serial, "radar_serial", options->radar_serial, self->boot.fds + 2)) {
        return false;
    }
    if (options->radar_eth.given && (self->radar_eth = udp_receiver("radar_eth", &options->radar_eth)) < 0) {
        return false;
    }
    if (options->link_in.given && (self->link_in = udp_receiver("link_in", &options->link_in)) < 0) {
        return false;
    }
    for (unsigned port = 0; port < HAL_OUTPUTS; port++) {
        const char *name = port == HAL_LINK_OUT ? "link_out" : "c2_out";
        if (options->out[port].given && (self->out[port] = udp_sender(name, &options->out[port])) < 0) {
            return false;
        }
    }
    if (options->dump_records != NULL) {
        self->dump = open(options->dump_records, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
        if (self->dump < 0) {
            (void)fprintf(stderr, "rib: cannot open %s: %s\n", options->dump_records, strerror(errno));
            return false;
        }
    }
    return true;
}

void machine_close(struct hal *self)
{
    const int fds[] = {self->radar_eth, self->link_in, self->out[HAL_LINK_OUT], self->out[HAL_C2_OUT], self->dump};
    pty_close(&self->console);
    pty_close(&self->radar_serial);
    for (unsigned i = 0; i < sizeof fds / sizeof fds[0]; i++) {
        if (fds[i] >= 0) {
            (void)close(fds[i]);
        }
    }
}

void machine_write_pending(struct hal *self)
{
    while (self->pending_octets > 0) {
        const ssize_t n = write(self->console.master, self->pending, self->pending_octets);
        if (n <= 0) {
            return;
        }
        self->pending_octets -= (size_t)n;
        memmove(self->pending, self->pending + n, self->pending_octets);
    }
}

void machine_reset(struct hal *self, enum hal_reset_cause cause)
{
    const struct restart next = {
        .cause = cause,
        .boots = self->boot.boots,
        .fds = {self->console.master, self->console.slave, self->radar_serial.master, self->radar_serial.slave},
    };
    restart(&next);
}

uint64_t hal_now_ns(struct hal *self)
{
    struct timespec now;
    (void)self;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * NS_PER_S + (uint64_t)now.tv_nsec;
}

bool hal_utc_ns(struct hal *self, uint64_t *ns_since_midnight)
{
    struct timespec now;
    (void)self;
    (void)clock_gettime(CLOCK_REALTIME, &now);
    *ns_since_midnight = ((uint64_t)now.tv_sec * NS_PER_S + (uint64_t)now.tv_nsec) % NS_PER_DAY;
    return true;
}

bool hal_send(struct hal *self, enum hal_output output, const uint8_t *octets, size_t n)
{
    const struct sockaddr_in *to = &self->options.out[output].at;
    return sendto(self->out[output], octets, n, 0, (const struct sockaddr *)to, sizeof *to) == (ssize_t)n;
}

void hal_console_write(struct hal *self, const char *text, size_t n)
{
    const size_t room = sizeof self->pending - self->pending_octets;
    const size_t taken = n < room ? n : room; /* nobody reads the console: the rest is lost, as on a real line */
    memcpy(self->pending + self->pending_octets, text, taken);
    self->pending_octets += taken;
    machine_write_pending(self);
}

void hal_trace_record(struct hal *self, const uint8_t *record, size_t n)
{
    if (self->dump >= 0 && write(self->dump, record, n) != (ssize_t)n) {
        (void)fprintf(stderr, "rib: cannot write %s: %s\n", self->options.dump_records, strerror(errno));
        (void)close(self->dump);
        self->dump = -1;
    }
}

size_t hal_build_id(struct hal *self, uint8_t out[HAL_BUILD_ID_OCTETS])
{
    (void)self;
    return build_id(out, HAL_BUILD_ID_OCTETS);
}

enum hal_reset_cause hal_reset_cause(struct hal *self)
{
    return self->boot.cause;
}

unsigned hal_boots(struct hal *self)
{
    return self->boot.boots;
}

void hal_reset(struct hal *self)
{
    machine_reset(self, HAL_RESET_SOFTWARE);
}

void hal_watchdog_feed(struct hal *self)
{
    (void)self;
    watchdog_feed();
}

static bool open_line(struct pty *pty, const char *port, const char *link, const int *left)
{
    return left[0] < 0 ? pty_open(pty, port, link) : pty_adopt(pty, port, link, left[0], left[1]);
}
