/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The last things that happened to the box, in a ring: what DIAG:LOG? prints. */
#ifndef EVENT_LOG_H
#define EVENT_LOG_H

#include <stddef.h>
#include <stdint.h>

enum { EVENTS_MAX = 64, EVENT_TEXT = 40 };

struct event {
    uint64_t at_ns; /* since the start of the box */
    char text[EVENT_TEXT];
};

struct event_log {
    struct event events[EVENTS_MAX];
    uint64_t written; /* ever; the ring holds the last EVENTS_MAX of them */
};

void event_log_add(struct event_log *log, uint64_t at_ns, const char *text);

/* Event `index` counted from the oldest that is still held, or NULL. */
const struct event *event_log_get(const struct event_log *log, size_t index);

#endif
