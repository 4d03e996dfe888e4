/* SPDX-License-Identifier: GPL-2.0-or-later */
/* DIAG:UPS: a bit of the box's memory changes on purpose, as a particle would do it. */
#include "box.h"

bool box_upset(struct box *box, unsigned region)
{
    uint8_t *at = (uint8_t *)&box->tracker.gains;
    if (region == 1) {
        at = box->sensors.count == 0 ? NULL : (uint8_t *)&box->sensors.list[0].frame;
    } else if (region == 2) {
        at = NULL;
        for (unsigned i = 0; i < box->tracker.table.end && at == NULL; i++) {
            struct track *track = &box->tracker.table.tracks[i];
            at = track->live ? (uint8_t *)&track->position : NULL;
        }
    }
    if (at == NULL) {
        return false;
    }
    at[6] ^= 0x04; /* high in the mantissa of a little-endian double: a part in 4 */
    return true;
}
