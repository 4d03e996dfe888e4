/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Boxes as a library: several in one process, each in memory that the caller gives, with the caller's clock and the
 * caller's wires. Nothing here waits, allocates or looks at a real clock: the same calls give the same octets.
 *
 * Time is nanoseconds on one virtual clock for all boxes and never goes back. What a box sends is queued with the time
 * at which it left; the caller takes it off the queue. */
#ifndef RIB_H
#define RIB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct rib;

enum rib_input { RIB_RADAR_SERIAL, RIB_RADAR_ETH, RIB_LINK_IN, RIB_CONSOLE };
enum rib_output { RIB_LINK_OUT, RIB_C2_OUT, RIB_CONSOLE_OUT };
enum rib_cause { RIB_POWER, RIB_SOFTWARE, RIB_WATCHDOG, RIB_PIN };

/* Octets on their way into a box, or out of one: `n` octets at `offset` of the buffer that goes with the list. */
struct rib_event {
    uint64_t at_ns;
    uint32_t port; /* enum rib_input or enum rib_output */
    uint32_t n;
    uint64_t offset;
};

/* Octets of memory that a box takes. */
size_t rib_size(void);

/* Powers a box up in `memory` at `now_ns`, with the options of docs/icd.md §5 that say what it is. False: an option is
 * not good; `*bad` gets its index. */
bool rib_start(struct rib *memory, const char *const *options, size_t count, uint64_t now_ns, size_t *bad);

/* Lets the box work until `now_ns`, then hands it the octets. */
void rib_receive(struct rib *rib, uint64_t now_ns, uint32_t input, const uint8_t *octets, size_t n);

/* The same for a list in the order of time; octets lie in `octets`. Stops early, when the output queue is nearly full;
 * returns how many events it took. */
size_t rib_receive_all(struct rib *rib, const struct rib_event *events, size_t count, const uint8_t *octets);

/* Lets the box work until `now_ns`: every timer fires at its own time. */
void rib_run_until(struct rib *rib, uint64_t now_ns);

/* The processor stood still until `now_ns`: what was due meanwhile is done late, at the next call. */
void rib_stall(struct rib *rib, uint64_t now_ns);

/* When the box has something to do next. */
uint64_t rib_deadline_ns(struct rib *rib);

/* Takes the oldest outputs off the queue, as many as fit both arrays; returns how many. */
size_t rib_take(struct rib *rib, struct rib_event *events, size_t count, uint8_t *octets, size_t capacity);

/* Time of day of the box's clock: virtual time plus an offset; `valid` false = its source is lost. */
void rib_set_clock(struct rib *rib, uint64_t offset_ns, bool valid);

/* The reset pin, or another cause; settings go back to those of the start, tracks are gone. */
void rib_reset(struct rib *rib, uint32_t cause, uint64_t now_ns);

/* In a library built with DEFECT=any: from now on every box of this process has this defect ("none" = no defect).
 * False: the library has no such defect. Power boxes up afresh after it. */
bool rib_choose_defect(const char *name);

/* Hexadecimal GNU build id of this library; false = it has none. */
bool rib_build_id(char out[41]);

#endif
