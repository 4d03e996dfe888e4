/* SPDX-License-Identifier: GPL-2.0-or-later */
/* libFuzzer on the IP stack: the input is frames, each behind two octets of length. Checksums are off. */
#include <stdlib.h>
#include <string.h>

#include "net.h"
#include "octets.h"

static struct net net;
static uint32_t seen; /* so that nothing is optimised away */

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t n);

static bool keep(void *context, const uint8_t *frame, size_t n)
{
    (void)context;
    if (n < 60 || n > NET_FRAME_MAX) {
        abort();
    }
    for (size_t i = 0; i < n; i++) {
        seen += frame[i];
    }
    return true;
}

static void take(void *context, uint16_t port, const uint8_t *payload, size_t n)
{
    (void)context;
    for (size_t i = 0; i < n; i++) {
        seen += payload[i];
    }
    (void)net_send(&net, 0x0a4d0001u + port % 16u, port, 8600, payload, n);
}

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t n)
{
    const struct net_address own = {{0x52, 0x54, 0, 0x62, 0, 1}, 0x0a4d0002, 0xffffff00, 0x0a4d0001};
    net_init(&net, &own, keep, take, NULL);
    for (size_t at = 0; n - at >= 2;) {
        const size_t length = get_u16(octets + at) % 2048u;
        at += 2;
        const size_t here = length < n - at ? length : n - at;
        uint8_t *frame = malloc(here + 1); /* of its own, so that a look behind its end is seen */
        if (frame == NULL) {
            abort();
        }
        memcpy(frame, octets + at, here);
        net_receive(&net, frame, here);
        free(frame);
        at += here;
    }
    return 0;
}
