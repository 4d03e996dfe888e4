/* SPDX-License-Identifier: GPL-2.0-or-later */
/* RFC 1662 HDLC-like deframer for the async serial port: octet in, frame or cause of refusal out. */
#ifndef HDLC_H
#define HDLC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { HDLC_PAYLOAD_MAX = 2048, HDLC_FCS_MAX = 4 };

enum hdlc_event {
    HDLC_NOTHING,  /* inside a frame, or idle flags */
    HDLC_FRAME,    /* a frame whose FCS is right: payload and length are valid until the next push */
    HDLC_BAD_FCS,
    HDLC_ABORTED,  /* escape, then flag: the sender gave the frame up */
    HDLC_TOO_LONG, /* more than HDLC_PAYLOAD_MAX octets */
    HDLC_RUNT,     /* shorter than an FCS and one octet */
};

struct hdlc_receiver {
    uint8_t octets[HDLC_PAYLOAD_MAX + HDLC_FCS_MAX];
    size_t used;
    uint8_t fcs_octets; /* 2 or 4 */
    bool hunting;       /* no flag seen yet */
    bool escaped;
    bool overlong;
};

void hdlc_init(struct hdlc_receiver *receiver, uint8_t fcs_octets);

/* Takes one octet off the line. On HDLC_FRAME, receiver->octets holds `*length` octets of payload. */
enum hdlc_event hdlc_push(struct hdlc_receiver *receiver, uint8_t octet, size_t *length);

/* Frame check sequences of RFC 1662 C.2 and C.3, as they are sent (complemented; low octet first on the line). */
uint16_t hdlc_fcs16(const uint8_t *octets, size_t n);
uint32_t hdlc_fcs32(const uint8_t *octets, size_t n);

#endif
