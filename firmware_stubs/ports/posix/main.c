/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The native box: one process, ptys for its serial lines, UDP sockets for its Ethernet ports. It sleeps in ppoll until
 * something comes in or the box is due. */
#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "box.h"
#include "machine.h"
#include "time_units.h"
#include "watchdog.h"

enum { EXIT_USAGE = 2, READ_MAX = 65536, BURST_MAX = 256 };

enum { FD_CONSOLE, FD_RADAR_SERIAL, FD_RADAR_ETH, FD_LINK_IN, FDS };

static struct hal hal;
static struct box box;
static volatile sig_atomic_t stopped, pin_pulled;

static void on_stop(int number);
static void on_pin(int number);
static void bite(void);
static void take_signals(void);
static void come_up(unsigned ms);
static void print_ready(void);
static void run(void);
static void wait_for_work(struct pollfd *fds);
static void read_pty(const struct pty *pty, enum box_input input);
static void read_datagrams(int fd, enum box_input input);

int main(int argc, char **argv)
{
    machine_init(&hal);
    if (!options_parse(argc, argv, &hal.options)) {
        return EXIT_USAGE;
    }
    hal.boot = restart_state(argv);
    take_signals();
    come_up(hal.options.boot_ms);
    if (stopped) {
        return 0;
    }
    if (!machine_open(&hal)) {
        machine_close(&hal);
        return EXIT_USAGE;
    }
    box_init(&box, &hal.options.box, &hal);
    if (hal.boot.cause == HAL_RESET_POWER) {
        print_ready();
    }
    run();
    machine_close(&hal);
    return 0;
}

static void bite(void)
{
    machine_reset(&hal, HAL_RESET_WATCHDOG);
}

static void on_stop(int number)
{
    (void)number;
    stopped = 1;
}

/* SIGHUP is the box's reset pin. */
static void on_pin(int number)
{
    (void)number;
    pin_pulled = 1;
}

/* Signals are let in only while waiting, so none is missed between the look at `stopped` and the wait. */
static void take_signals(void)
{
    const struct sigaction stop = {.sa_handler = on_stop};
    const struct sigaction pin = {.sa_handler = on_pin};
    sigset_t taken;
    (void)sigemptyset(&taken);
    (void)sigaddset(&taken, SIGTERM);
    (void)sigaddset(&taken, SIGINT);
    (void)sigaddset(&taken, SIGHUP);
    (void)sigprocmask(SIG_BLOCK, &taken, NULL);
    (void)sigaction(SIGTERM, &stop, NULL);
    (void)sigaction(SIGINT, &stop, NULL);
    (void)sigaction(SIGHUP, &pin, NULL);
}

/* As long as a slow box would take; a signal ends it. */
static void come_up(unsigned ms)
{
    const struct timespec pause = {ms / 1000u, (long)(ms % 1000u) * 1000000};
    sigset_t none;
    (void)sigemptyset(&none);
    if (ms > 0) {
        (void)ppoll(NULL, 0, &pause, &none);
    }
}

static void print_ready(void)
{
    uint8_t id[HAL_BUILD_ID_OCTETS];
    char text[2 * HAL_BUILD_ID_OCTETS + 1];
    struct text hex = text_on(text, sizeof text);
    text_add_hex(&hex, id, hal_build_id(&hal, id));
    (void)printf("ready %s\n", text);
    (void)fflush(stdout);
}

static void run(void)
{
    struct pollfd fds[FDS] = {
        [FD_CONSOLE] = {.fd = hal.console.master, .events = POLLIN},
        [FD_RADAR_SERIAL] = {.fd = hal.radar_serial.master, .events = POLLIN},
        [FD_RADAR_ETH] = {.fd = hal.radar_eth, .events = POLLIN},
        [FD_LINK_IN] = {.fd = hal.link_in, .events = POLLIN},
    };
    (void)prctl(PR_SET_TIMERSLACK, 1); /* the flush timer is exact */
    if (!watchdog_start(bite)) {
        (void)fprintf(stderr, "rib: cannot start the watchdog: %s\n", strerror(errno));
    }
    while (!stopped) {
        fds[FD_CONSOLE].events = hal.pending_octets > 0 ? POLLIN | POLLOUT : POLLIN;
        wait_for_work(fds);
        if (pin_pulled) {
            machine_reset(&hal, HAL_RESET_PIN);
        }
        machine_write_pending(&hal);
        read_pty(&hal.radar_serial, BOX_RADAR_SERIAL);
        read_datagrams(hal.radar_eth, BOX_RADAR_ETH);
        read_datagrams(hal.link_in, BOX_LINK_IN);
        read_pty(&hal.console, BOX_CONSOLE);
        box_poll(&box);
    }
}

static void wait_for_work(struct pollfd *fds)
{
    const uint64_t now_ns = hal_now_ns(&hal);
    const uint64_t deadline_ns = box_deadline_ns(&box);
    const uint64_t wait_ns = deadline_ns > now_ns ? deadline_ns - now_ns : 0;
    const struct timespec timeout = {(time_t)(wait_ns / NS_PER_S), (long)(wait_ns % NS_PER_S)};
    sigset_t none;
    (void)sigemptyset(&none);
    (void)ppoll(fds, FDS, &timeout, &none);
}

static void read_pty(const struct pty *pty, enum box_input input)
{
    static uint8_t octets[READ_MAX];
    if (pty->master < 0) {
        return;
    }
    const ssize_t n = read(pty->master, octets, sizeof octets);
    if (n > 0) {
        box_receive(&box, input, octets, (size_t)n);
    }
}

/* At most a burst at a time, so that no port starves the others; timers are looked at between datagrams. */
static void read_datagrams(int fd, enum box_input input)
{
    static uint8_t octets[READ_MAX];
    for (int i = 0; i < BURST_MAX && fd >= 0; i++) {
        const ssize_t n = recv(fd, octets, sizeof octets, 0);
        if (n < 0) {
            return;
        }
        box_receive(&box, input, octets, (size_t)n);
        box_poll(&box);
    }
}
