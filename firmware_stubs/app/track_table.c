/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "track_table.h"

#include <string.h>

#include "defects.h"
#include "guard.h"
#include "time_units.h"


static uint16_t take_number(struct track_table *table, uint64_t now_ns);
static bool leaked(const struct track *track);

void track_table_init(struct track_table *table)
{
    memset(table, 0, sizeof *table);
}

struct track *track_table_add(struct track_table *table, uint64_t now_ns)
{
    unsigned slot = 0;
    while (slot < table->end && (table->tracks[slot].live || leaked(&table->tracks[slot]))) {
        slot++;
    }
    if (slot == TRACKS_MAX) {
        return NULL;
    }
    const uint16_t number = take_number(table, now_ns);
    if (number == 0) {
        return NULL;
    }
    struct track *track = &table->tracks[slot];
    memset(track, 0, sizeof *track);
    track->live = true;
    track->number = number;
    track->address = NO_ADDRESS;
    table->live++;
    if (slot == table->end) {
        table->end = slot + 1u;
    }
    return track;
}

void track_seal(struct track *track)
{
    track->guard = guard_sum(GUARD_START, track, offsetof(struct track, guard));
}

bool track_is_whole(const struct track *track)
{
    return defect(DEFECT_memory_trusted) || track->guard == guard_sum(GUARD_START, track, offsetof(struct track, guard));
}

void track_table_remove(struct track_table *table, struct track *track, uint64_t now_ns)
{
    const uint32_t rest_s = defect(DEFECT_number_reuse) ? 0u : NUMBER_REST_S + 1u;
    table->number_free_at_s[track->number] = (uint32_t)(now_ns / NS_PER_S) + rest_s;
    if (defect(DEFECT_number_reuse)) {
        table->last_number = (uint16_t)(track->number - 1u);
    }
    track->live = false;
    table->live -= defect(DEFECT_slot_leak) ? 0u : 1u;
    while (table->end > 0 && !table->tracks[table->end - 1u].live && !leaked(&table->tracks[table->end - 1u])) {
        table->end--;
    }
}

static bool leaked(const struct track *track)
{
    if (defect(DEFECT_slot_leak_slow)) {
        return track->number % 10u == 9u;
    }
    return defect(DEFECT_slot_leak) && track->number != 0;
}

/* The next number in turn that is free and rested; 0 = none. */
static uint16_t take_number(struct track_table *table, uint64_t now_ns)
{
    const uint32_t now_s = (uint32_t)(now_ns / NS_PER_S);
    for (unsigned tried = 0; tried < TRACK_NUMBERS; tried++) {
        table->last_number++;
        if (table->last_number != 0 && table->number_free_at_s[table->last_number] <= now_s) {
            table->number_free_at_s[table->last_number] = UINT32_MAX;
            return table->last_number;
        }
    }
    return 0;
}
