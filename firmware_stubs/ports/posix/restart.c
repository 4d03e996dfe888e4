/* SPDX-License-Identifier: GPL-2.0-or-later */
#define _GNU_SOURCE
#include "restart.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "text.h"

#define VARIABLE "RIB_RESTART="

enum { ENVIRONMENT_MAX = 512, NUMBERS = 2 + RESTART_FDS };

static char **arguments;
static char *environment[ENVIRONMENT_MAX + 2]; /* first entry: our variable */

struct restart restart_state(char **argv)
{
    struct restart state = {HAL_RESET_POWER, 0, {-1, -1, -1, -1}};
    const char *left = getenv("RIB_RESTART");
    double numbers[NUMBERS];
    int read_so_far = 0;
    while (left != NULL && read_so_far < NUMBERS && text_number(&left, &numbers[read_so_far])) {
        left += *left == ',' ? 1 : 0;
        read_so_far++;
    }
    if (read_so_far == NUMBERS) {
        state.cause = (enum hal_reset_cause)numbers[0];
        state.boots = (unsigned)numbers[1];
        for (int i = 0; i < RESTART_FDS; i++) {
            state.fds[i] = (int)numbers[2 + i];
        }
    }
    arguments = argv;
    unsigned kept = 1;
    for (char **entry = environ; *entry != NULL && kept <= ENVIRONMENT_MAX; entry++) {
        if (strncmp(*entry, VARIABLE, sizeof VARIABLE - 1u) != 0) {
            environment[kept++] = *entry;
        }
    }
    return state;
}

void restart(const struct restart *next)
{
    static char buffer[128];
    struct text text = text_on(buffer, sizeof buffer);
    text_add(&text, VARIABLE);
    text_add_unsigned(&text, next->cause);
    text_add(&text, ",");
    text_add_unsigned(&text, next->boots + 1u);
    for (int i = 0; i < RESTART_FDS; i++) {
        text_add(&text, ",");
        text_add_signed(&text, next->fds[i]);
        if (next->fds[i] >= 0) {
            (void)fcntl(next->fds[i], F_SETFD, 0);
        }
    }
    environment[0] = buffer;
    sigset_t watchdog; /* its timer outlives the program; its handler does not */
    (void)sigemptyset(&watchdog);
    (void)sigaddset(&watchdog, SIGPROF);
    (void)sigprocmask(SIG_BLOCK, &watchdog, NULL);
    (void)execve("/proc/self/exe", arguments, environment);
}
