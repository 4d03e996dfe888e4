/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "event_log.h"

#include "text.h"

/* RIB-CON-011 */
void event_log_add(struct event_log *log, uint64_t at_ns, const char *text)
{
    struct event *event = &log->events[log->written % EVENTS_MAX];
    event->at_ns = at_ns;
    struct text copy = text_on(event->text, sizeof event->text);
    text_add(&copy, text);
    log->written++;
}

const struct event *event_log_get(const struct event_log *log, size_t index)
{
    const uint64_t oldest = log->written > EVENTS_MAX ? log->written - EVENTS_MAX : 0;
    return oldest + index < log->written ? &log->events[(oldest + index) % EVENTS_MAX] : NULL;
}
