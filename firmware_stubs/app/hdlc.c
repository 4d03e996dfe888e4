/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "hdlc.h"

#include "defects.h"

enum { FLAG = 0x7e, ESCAPE = 0x7d, ESCAPE_XOR = 0x20 };

static enum hdlc_event frame_end(struct hdlc_receiver *receiver, size_t *length);
static bool fcs_is_right(const struct hdlc_receiver *receiver, size_t payload);

void hdlc_init(struct hdlc_receiver *receiver, uint8_t fcs_octets)
{
    *receiver = (struct hdlc_receiver){.fcs_octets = fcs_octets, .hunting = true};
}

enum hdlc_event hdlc_push(struct hdlc_receiver *receiver, uint8_t octet, size_t *length)
{
    *length = 0;
    if (octet == FLAG) {
        const enum hdlc_event event = frame_end(receiver, length);
        receiver->used = 0;
        receiver->hunting = false;
        receiver->escaped = false;
        receiver->overlong = false;
        return event;
    }
    if (receiver->hunting) {
        return HDLC_NOTHING;
    }
    if (octet == ESCAPE && !receiver->escaped) {
        receiver->escaped = true;
        return HDLC_NOTHING;
    }
    if (receiver->escaped) {
        octet ^= ESCAPE_XOR;
        receiver->escaped = false;
    }
    if (receiver->used < (size_t)HDLC_PAYLOAD_MAX + receiver->fcs_octets) {
        receiver->octets[receiver->used++] = octet;
    } else {
        receiver->overlong = true;
    }
    return HDLC_NOTHING;
}

static enum hdlc_event frame_end(struct hdlc_receiver *receiver, size_t *length)
{
    if (receiver->hunting) {
        return HDLC_NOTHING;
    }
    if (receiver->escaped) {
        return HDLC_ABORTED;
    }
    if (receiver->overlong) {
        return HDLC_TOO_LONG;
    }
    if (receiver->used == 0) {
        return HDLC_NOTHING;
    }
    if (receiver->used <= receiver->fcs_octets) {
        return HDLC_RUNT;
    }
    const size_t payload = receiver->used - receiver->fcs_octets;
    if (!fcs_is_right(receiver, payload) && !defect(DEFECT_fcs_ignored)) {
        return HDLC_BAD_FCS;
    }
    *length = payload;
    return HDLC_FRAME;
}

static bool fcs_is_right(const struct hdlc_receiver *receiver, size_t payload)
{
#ifdef FUZZING_BUILD_MODE_UNSAFE_FOR_PRODUCTION
    (void)receiver;
    (void)payload;
    return true; /* or a fuzzer never gets past it */
#else
    const uint8_t *sent = receiver->octets + payload;
    const uint32_t expected =
        receiver->fcs_octets == 2 ? hdlc_fcs16(receiver->octets, payload) : hdlc_fcs32(receiver->octets, payload);
    for (unsigned i = 0; i < receiver->fcs_octets; i++) {
        if (sent[i] != (uint8_t)(expected >> (8u * i))) {
            return false;
        }
    }
    return true;
#endif
}

uint16_t hdlc_fcs16(const uint8_t *octets, size_t n)
{
    uint32_t fcs = defect(DEFECT_fcs_seed) ? 0u : 0xffffu;
    for (size_t i = 0; i < n; i++) {
        fcs ^= octets[i];
        for (int bit = 0; bit < 8; bit++) {
            fcs = (fcs & 1u) != 0 ? (fcs >> 1) ^ 0x8408u : fcs >> 1;
        }
    }
    return (uint16_t)(fcs ^ 0xffffu);
}

uint32_t hdlc_fcs32(const uint8_t *octets, size_t n)
{
    uint32_t fcs = defect(DEFECT_fcs32_seed) ? 0u : 0xffffffff;
    for (size_t i = 0; i < n; i++) {
        fcs ^= octets[i];
        for (int bit = 0; bit < 8; bit++) {
            fcs = (fcs & 1u) != 0 ? (fcs >> 1) ^ 0xedb88320u : fcs >> 1;
        }
    }
    return ~fcs;
}
