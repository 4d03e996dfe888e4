/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The only seam between the box and what it runs on. A port implements these functions and calls box.h's.
 * `struct hal` is the port's own: one for each box, so that several boxes may live in one process. */
#ifndef HAL_H
#define HAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct hal;

enum hal_output { HAL_LINK_OUT, HAL_C2_OUT, HAL_OUTPUTS };

enum hal_reset_cause { HAL_RESET_POWER, HAL_RESET_SOFTWARE, HAL_RESET_WATCHDOG, HAL_RESET_PIN };

enum { HAL_BUILD_ID_OCTETS = 20 };

/* Nanoseconds since some fixed moment; never goes back. */
uint64_t hal_now_ns(struct hal *hal);

/* Nanoseconds since midnight UTC; false = no source of time, or it was lost. */
bool hal_utc_ns(struct hal *hal, uint64_t *ns_since_midnight);

/* One datagram out of one port; false = it did not leave. */
bool hal_send(struct hal *hal, enum hal_output output, const uint8_t *octets, size_t n);

void hal_console_write(struct hal *hal, const char *text, size_t n);

/* A track record on its way to the formatters, for whoever wants to look at it. */
void hal_trace_record(struct hal *hal, const uint8_t *record, size_t n);

/* GNU build id of the running image; octets written, 0 = it has none. */
size_t hal_build_id(struct hal *hal, uint8_t out[HAL_BUILD_ID_OCTETS]);

enum hal_reset_cause hal_reset_cause(struct hal *hal);

/* How often the box was reset since it was powered. */
unsigned hal_boots(struct hal *hal);

/* Starts the box anew; on some ports it comes back, and the port resets as soon as it can. */
void hal_reset(struct hal *hal);

void hal_watchdog_feed(struct hal *hal);

#endif
