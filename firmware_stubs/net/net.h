/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ARP, IPv4, ICMP echo and UDP over Ethernet frames, for ports that have no stack of their own. No fragments, no IP
 * options, one route; datagrams to a neighbour whose address is not known yet wait, one for each neighbour. */
#ifndef NET_H
#define NET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { NET_FRAME_MAX = 1514, NET_NEIGHBOURS = 8 };

typedef bool net_frame_out(void *context, const uint8_t *frame, size_t n);
typedef void net_datagram_in(void *context, uint16_t port, const uint8_t *payload, size_t n);

struct net_address {
    uint8_t mac[6];
    uint32_t ip, mask, gateway; /* host byte order */
};

struct net {
    struct net_address own;
    net_frame_out *frame_out;
    net_datagram_in *datagram_in;
    void *context;
    struct neighbour {
        uint32_t ip; /* 0 = free */
        uint8_t mac[6];
        bool known;
        size_t waiting; /* octets of the frame that waits for the address */
        uint8_t frame[NET_FRAME_MAX];
    } neighbours[NET_NEIGHBOURS];
    unsigned oldest;
    uint16_t identification;
    uint8_t out[NET_FRAME_MAX];
    uint32_t refused; /* frames in that were damaged or of no use */
};

void net_init(struct net *net, const struct net_address *own, net_frame_out *frame_out, net_datagram_in *datagram_in,
              void *context);

/* Takes a frame off the wire, without its FCS. */
void net_receive(struct net *net, const uint8_t *frame, size_t n);

/* Sends a datagram; false: too long, or another one waits for the same neighbour's address. */
bool net_send(struct net *net, uint32_t to, uint16_t to_port, uint16_t from_port, const uint8_t *payload, size_t n);

#endif
