/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The witness: an ordinary process that sleeps and notes how late it got to run again. What happens to it happens to every other
 * ordinary process of the machine, boxes under test that are processes included.
 */
#include "clock.h"

#include <stdint.h>

/* Sleeps until start_ns + k · period_ns for k = 0 … rows − 1 and notes each lateness as it goes. */
void witness_run(int64_t start_ns, int64_t period_ns, uint64_t rows, int64_t *late_ns)
{
    for (uint64_t k = 0; k < rows; k++) {
        int64_t due_ns = start_ns + (int64_t)k * period_ns;
        sleep_until(due_ns);
        late_ns[k] = now_ns() - due_ns;
    }
}
