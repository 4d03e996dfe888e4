/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "net.h"

#include <string.h>

#include "octets.h"

enum {
    ETHERNET = 14,
    IPV4 = 20,
    UDP = 8,
    ICMP = 8,
    ARP = 28,
    FRAME_MIN = 60, /* without FCS */
    TYPE_IPV4 = 0x0800,
    TYPE_ARP = 0x0806,
    ARP_REQUEST = 1,
    ARP_REPLY = 2,
    PROTOCOL_ICMP = 1,
    PROTOCOL_UDP = 17,
    ECHO_REPLY = 0,
    ECHO_REQUEST = 8,
};

static const uint32_t BROADCAST_IP = 0xffffffff;
static const uint8_t BROADCAST_MAC[6] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};

static void on_arp(struct net *net, const uint8_t *arp, size_t n);
static bool on_ipv4(struct net *net, const uint8_t *ip, size_t n);
static bool on_icmp(struct net *net, uint32_t from, const uint8_t *icmp, size_t n);
static bool on_udp(struct net *net, const uint8_t *ip, const uint8_t *udp, size_t n);
static bool send_ipv4(struct net *net, uint8_t protocol, uint32_t to, size_t n);
static void send_arp(struct net *net, uint16_t operation, const uint8_t *to_mac, uint32_t to_ip);
static struct neighbour *find_or_make(struct net *net, uint32_t ip);
static void multicast_mac(uint32_t ip, uint8_t *mac);
static uint32_t add_up(const uint8_t *octets, size_t n, uint32_t sum);
static uint16_t checksum(uint32_t sum);

void net_init(struct net *net, const struct net_address *own, net_frame_out *frame_out, net_datagram_in *datagram_in,
              void *context)
{
    memset(net, 0, sizeof *net);
    net->own = *own;
    net->frame_out = frame_out;
    net->datagram_in = datagram_in;
    net->context = context;
    send_arp(net, ARP_REQUEST, BROADCAST_MAC, own->ip); /* so that neighbours learn of a box that was exchanged */
}

void net_receive(struct net *net, const uint8_t *frame, size_t n)
{
    const unsigned type = n >= ETHERNET ? get_u16(frame + 12) : 0;
    if (type == TYPE_ARP && n >= ETHERNET + ARP) {
        on_arp(net, frame + ETHERNET, n - ETHERNET);
    } else if (type != TYPE_IPV4 || !on_ipv4(net, frame + ETHERNET, n - ETHERNET)) {
        net->refused++;
    }
}

bool net_send(struct net *net, uint32_t to, uint16_t to_port, uint16_t from_port, const uint8_t *payload, size_t n)
{
    uint8_t *udp = net->out + ETHERNET + IPV4;
    uint8_t pseudo[12] = {0};
    if (n > NET_FRAME_MAX - ETHERNET - IPV4 - UDP) {
        return false;
    }
    put_u16(udp, from_port);
    put_u16(udp + 2, to_port);
    put_u16(udp + 4, (uint16_t)(UDP + n));
    put_u16(udp + 6, 0);
    memcpy(udp + UDP, payload, n);
    put_u32(pseudo, net->own.ip);
    put_u32(pseudo + 4, to);
    pseudo[9] = PROTOCOL_UDP;
    put_u16(pseudo + 10, (uint16_t)(UDP + n));
    const uint16_t sum = checksum(add_up(udp, UDP + n, add_up(pseudo, sizeof pseudo, 0)));
    put_u16(udp + 6, sum == 0 ? 0xffff : sum); /* RFC 768: 0 means that there is none */
    return send_ipv4(net, PROTOCOL_UDP, to, UDP + n);
}

static void on_arp(struct net *net, const uint8_t *arp, size_t n)
{
    (void)n;
    const uint32_t sender = get_u32(arp + 14);
    if (get_u16(arp + 2) != TYPE_IPV4 || get_u32(arp + 24) != net->own.ip || sender == 0) {
        return;
    }
    struct neighbour *neighbour = find_or_make(net, sender);
    memcpy(neighbour->mac, arp + 8, sizeof neighbour->mac);
    neighbour->known = true;
    if (neighbour->waiting > 0) {
        memcpy(neighbour->frame, neighbour->mac, sizeof neighbour->mac);
        (void)net->frame_out(net->context, neighbour->frame, neighbour->waiting);
        neighbour->waiting = 0;
    }
    if (get_u16(arp + 6) == ARP_REQUEST) {
        send_arp(net, ARP_REPLY, arp + 8, sender);
    }
}

static bool on_ipv4(struct net *net, const uint8_t *ip, size_t n)
{
    if (n < IPV4 || ip[0] != 0x45 || checksum(add_up(ip, IPV4, 0)) != 0) {
        return false; /* options are not taken */
    }
    const size_t total = get_u16(ip + 2);
    const uint32_t to = get_u32(ip + 16);
    const bool fragment = (get_u16(ip + 6) & 0x3fffu) != 0;
    const bool ours = to == net->own.ip || to == BROADCAST_IP || to == (net->own.ip | ~net->own.mask);
    if (total < IPV4 || total > n || fragment || !ours) {
        return false;
    }
    switch (ip[9]) {
    case PROTOCOL_ICMP: return on_icmp(net, get_u32(ip + 12), ip + IPV4, total - IPV4);
    case PROTOCOL_UDP: return on_udp(net, ip, ip + IPV4, total - IPV4);
    default: return false;
    }
}

static bool on_icmp(struct net *net, uint32_t from, const uint8_t *icmp, size_t n)
{
    uint8_t *reply = net->out + ETHERNET + IPV4;
    if (n < ICMP || n > NET_FRAME_MAX - ETHERNET - IPV4 || icmp[0] != ECHO_REQUEST ||
        checksum(add_up(icmp, n, 0)) != 0) {
        return false;
    }
    memcpy(reply, icmp, n);
    reply[0] = ECHO_REPLY;
    put_u16(reply + 2, 0);
    put_u16(reply + 2, checksum(add_up(reply, n, 0)));
    return send_ipv4(net, PROTOCOL_ICMP, from, n);
}

static bool on_udp(struct net *net, const uint8_t *ip, const uint8_t *udp, size_t n)
{
    const size_t length = n >= UDP ? get_u16(udp + 4) : 0;
    if (length < UDP || length > n) {
        return false;
    }
    const uint32_t pseudo = add_up(ip + 12, 8, PROTOCOL_UDP + (uint32_t)length);
    if (get_u16(udp + 6) != 0 && checksum(add_up(udp, length, pseudo)) != 0) {
        return false;
    }
    net->datagram_in(net->context, get_u16(udp + 2), udp + UDP, length - UDP);
    return true;
}

/* The payload lies in net->out already. */
static bool send_ipv4(struct net *net, uint8_t protocol, uint32_t to, size_t n)
{
    uint8_t *frame = net->out;
    uint8_t *ip = frame + ETHERNET;
    size_t length = ETHERNET + IPV4 + n;
    memcpy(frame + 6, net->own.mac, 6);
    put_u16(frame + 12, TYPE_IPV4);
    memset(ip, 0, IPV4);
    ip[0] = 0x45;
    put_u16(ip + 2, (uint16_t)(IPV4 + n));
    put_u16(ip + 4, net->identification++);
    put_u16(ip + 6, 0x4000); /* do not fragment */
    ip[8] = 64;
    ip[9] = protocol;
    put_u32(ip + 12, net->own.ip);
    put_u32(ip + 16, to);
    put_u16(ip + 10, checksum(add_up(ip, IPV4, 0)));
    while (length < FRAME_MIN) {
        frame[length++] = 0;
    }
    if (to == BROADCAST_IP || (to >> 28) == 0xeu) {
        multicast_mac(to, frame);
        return net->frame_out(net->context, frame, length);
    }
    struct neighbour *next = find_or_make(net, ((to ^ net->own.ip) & net->own.mask) == 0 ? to : net->own.gateway);
    if (next->known) {
        memcpy(frame, next->mac, sizeof next->mac);
        return net->frame_out(net->context, frame, length);
    }
    const bool room = next->waiting == 0;
    if (room) {
        memcpy(next->frame, frame, length);
        next->waiting = length;
    }
    send_arp(net, ARP_REQUEST, BROADCAST_MAC, next->ip);
    return room;
}

static void send_arp(struct net *net, uint16_t operation, const uint8_t *to_mac, uint32_t to_ip)
{
    uint8_t frame[FRAME_MIN] = {0};
    uint8_t *arp = frame + ETHERNET;
    memcpy(frame, to_mac, 6);
    memcpy(frame + 6, net->own.mac, 6);
    put_u16(frame + 12, TYPE_ARP);
    put_u16(arp, 1); /* Ethernet */
    put_u16(arp + 2, TYPE_IPV4);
    arp[4] = 6;
    arp[5] = 4;
    put_u16(arp + 6, operation);
    memcpy(arp + 8, net->own.mac, 6);
    put_u32(arp + 14, net->own.ip);
    if (operation == ARP_REPLY) {
        memcpy(arp + 18, to_mac, 6);
    }
    put_u32(arp + 24, to_ip);
    (void)net->frame_out(net->context, frame, sizeof frame);
}

static struct neighbour *find_or_make(struct net *net, uint32_t ip)
{
    for (unsigned i = 0; i < NET_NEIGHBOURS; i++) {
        if (net->neighbours[i].ip == ip) {
            return &net->neighbours[i];
        }
    }
    struct neighbour *made = &net->neighbours[net->oldest];
    net->oldest = (net->oldest + 1u) % NET_NEIGHBOURS;
    memset(made, 0, sizeof *made);
    made->ip = ip;
    return made;
}

/* RFC 1112 §6.4 */
static void multicast_mac(uint32_t ip, uint8_t *mac)
{
    if (ip == BROADCAST_IP) {
        memcpy(mac, BROADCAST_MAC, sizeof BROADCAST_MAC);
        return;
    }
    put_u24(mac, 0x01005e);
    put_u24(mac + 3, ip & 0x7fffffu);
}

/* RFC 1071; `sum` is not folded yet. */
static uint32_t add_up(const uint8_t *octets, size_t n, uint32_t sum)
{
    for (; n > 1; n -= 2, octets += 2) {
        sum += get_u16(octets);
    }
    return n == 0 ? sum : sum + ((uint32_t)octets[0] << 8);
}

static uint16_t checksum(uint32_t sum)
{
#ifdef FUZZING_BUILD_MODE_UNSAFE_FOR_PRODUCTION
    (void)sum;
    return 0; /* always right, or a fuzzer never gets past it */
#else
    while ((sum >> 16) != 0) {
        sum = (sum & 0xffffu) + (sum >> 16);
    }
    return (uint16_t)~sum;
#endif
}
