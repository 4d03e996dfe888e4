/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Taps: what arrives, with the kernel's receive stamp, straight into the capture file. Two kinds: UDP sockets (no privilege needed)
 * and a TPACKET_V3 ring on an interface (for a mirror port, and for rate). Memory is constant; nothing that was taken from the kernel
 * waits in here for longer than one batch. What the kernel had to drop is counted. Called through ctypes by hil/drivers/tap.py.
 */
#define _GNU_SOURCE
#include "capture_block.h"
#include "clock.h"

#include <netinet/in.h>
#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <linux/if_packet.h>

#define BATCH 64u
#define TAPS_MAX 64u
#define STATISTICS_MS 100

/* mirrored field by field in tap.py; the counters are read by others while the taps run */
struct tap {
    int32_t fd, number; /* interface number in the capture */
    uint32_t own_ip, port;
    uint64_t received, octets;
    uint64_t kernel_drops; /* the kernel had no room: the capture is not complete */
    uint64_t left_out; /* too long, cut, or no plain IPv4/UDP packet */
    uint64_t unstamped; /* stamped here, late, for want of a kernel stamp */
    int64_t latest_ns;
};

static uint8_t written_at_once[BATCH * BLOCK_MAX];

static bool asked_to_end(const struct pollfd *control) { return (control->revents & (POLLIN | POLLHUP)) != 0; }

static int write_blocks(int capture_fd, uint32_t length)
{
    if (length == 0u) return 0;
    ssize_t n = write(capture_fd, written_at_once, length);
    if (n == (ssize_t)length) return 0;
    return n < 0 ? -errno : -EIO;
}

/* ---- UDP ---- */

static struct mmsghdr messages[BATCH];
static struct iovec pieces[BATCH];
static struct sockaddr_in senders[BATCH];
static uint8_t datagrams[BATCH][DATAGRAM_MAX];
static union { char room[128]; struct cmsghdr align; } controls[BATCH];

static void lay_out(void)
{
    for (uint32_t i = 0; i < BATCH; i++) {
        pieces[i] = (struct iovec){datagrams[i], DATAGRAM_MAX};
        messages[i].msg_hdr = (struct msghdr){.msg_name = &senders[i], .msg_namelen = sizeof senders[i], .msg_iov = &pieces[i],
            .msg_iovlen = 1, .msg_control = controls[i].room, .msg_controllen = sizeof controls[i].room};
    }
}

static int64_t stamp_and_drops(struct msghdr *m, struct tap *t)
{
    int64_t stamp_ns = 0;
    for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c != NULL; c = CMSG_NXTHDR(m, c)) {
        if (c->cmsg_level != SOL_SOCKET) continue;
        if (c->cmsg_type == SCM_TIMESTAMPNS) {
            struct timespec at;
            memcpy(&at, CMSG_DATA(c), sizeof at);
            stamp_ns = stamp_of(&at);
        } else if (c->cmsg_type == SO_RXQ_OVFL) {
            uint32_t drops;
            memcpy(&drops, CMSG_DATA(c), sizeof drops);
            t->kernel_drops = drops;
        }
    }
    if (stamp_ns == 0) {
        stamp_ns = now_ns();
        t->unstamped++;
    }
    return stamp_ns;
}

/* One batch from one socket. Returns how many datagrams came, or −errno. */
static int take_batch(struct tap *t, int capture_fd)
{
    uint32_t used = 0;
    lay_out();
    int count = recvmmsg(t->fd, messages, BATCH, MSG_DONTWAIT, NULL);
    if (count < 0) return errno == EAGAIN || errno == EINTR || errno == ECONNREFUSED ? 0 : -errno;
    for (int i = 0; i < count; i++) {
        struct msghdr *m = &messages[i].msg_hdr;
        struct seen at = {t->number, senders[i].sin_addr.s_addr, t->own_ip, (uint16_t)t->port, stamp_and_drops(m, t)};
        t->received++;
        t->octets += messages[i].msg_len;
        t->latest_ns = at.stamp_ns;
        if ((m->msg_flags & MSG_TRUNC) != 0) t->left_out++;
        else used += capture_block(written_at_once + used, &at, datagrams[i], messages[i].msg_len);
    }
    int broke = write_blocks(capture_fd, used);
    return broke != 0 ? broke : count;
}

/* Records until something arrives (or the writer closes) on control_fd and the sockets are empty. Returns 0, or −errno. */
int tap_udp(struct tap *taps, uint32_t count, int capture_fd, int control_fd)
{
    struct pollfd watched[TAPS_MAX + 1u];
    if (count > TAPS_MAX) return -E2BIG;
    for (uint32_t i = 0; i < count; i++) watched[i] = (struct pollfd){taps[i].fd, POLLIN, 0};
    watched[count] = (struct pollfd){control_fd, POLLIN, 0};
    for (;;) {
        int taken = 0;
        if (poll(watched, count + 1u, -1) < 0 && errno != EINTR) return -errno;
        for (uint32_t i = 0; i < count; i++) {
            int n = (watched[i].revents & (POLLIN | POLLERR)) != 0 ? take_batch(&taps[i], capture_fd) : 0;
            if (n < 0) return n;
            taken += n;
        }
        if (taken == 0 && asked_to_end(&watched[count])) return 0;
    }
}

/* ---- ring ---- */

/* The IPv4 packet in a frame if it is a whole UDP datagram to the tap's port (0: any), else NULL; what it leads to is `length`. */
static const uint8_t *plain_udp(const uint8_t *packet, uint32_t captured, uint32_t port, uint32_t *length)
{
    if (captured < IP_UDP_HEADER || packet[0] != 0x45 || packet[9] != IPPROTO_UDP) return NULL;
    if (((packet[6] & 0x3fu) | packet[7]) != 0u) return NULL; /* a fragment */
    *length = (uint32_t)(packet[2] << 8 | packet[3]);
    if (*length < IP_UDP_HEADER || *length > captured || *length > DATAGRAM_MAX + IP_UDP_HEADER) return NULL;
    return port == 0u || port == (uint32_t)(packet[22] << 8 | packet[23]) ? packet : NULL;
}

static void add_statistics(struct tap *t)
{
    struct tpacket_stats_v3 found = {0};
    socklen_t length = sizeof found;
    if (getsockopt(t->fd, SOL_PACKET, PACKET_STATISTICS, &found, &length) == 0) t->kernel_drops += found.tp_drops;
}

static int take_block(struct tap *t, const uint8_t *block, uint32_t block_octets, int capture_fd)
{
    struct tpacket_block_desc head;
    uint32_t used = 0;
    memcpy(&head, block, sizeof head);
    uint32_t offset = head.hdr.bh1.offset_to_first_pkt;
    for (uint32_t i = 0; i < head.hdr.bh1.num_pkts; i++) {
        struct tpacket3_hdr packet;
        uint32_t length = 0;
        if (offset > block_octets - sizeof packet) return -EPROTO;
        memcpy(&packet, block + offset, sizeof packet);
        uint32_t network = offset + packet.tp_net, link = (uint32_t)(packet.tp_net - packet.tp_mac);
        if (packet.tp_net < packet.tp_mac || packet.tp_snaplen < link || network > block_octets
            || packet.tp_snaplen - link > block_octets - network) return -EPROTO;
        const uint8_t *whole = plain_udp(block + network, packet.tp_snaplen - link, t->port, &length);
        if (whole != NULL) {
            t->latest_ns = (int64_t)packet.tp_sec * NS_PER_S + packet.tp_nsec;
            t->received++;
            t->octets += length - IP_UDP_HEADER;
            used += capture_packet(written_at_once + used, t->number, t->latest_ns, whole, length);
        } else {
            t->left_out++;
        }
        if (used > sizeof written_at_once - BLOCK_MAX) {
            int broke = write_blocks(capture_fd, used);
            if (broke != 0) return broke;
            used = 0;
        }
        if (packet.tp_next_offset == 0u) break;
        offset += packet.tp_next_offset;
    }
    return write_blocks(capture_fd, used);
}

static uint32_t *status_of(uint8_t *block)
{
    return (uint32_t *)(void *)(block + offsetof(struct tpacket_block_desc, hdr));
}

/* Records what the mapped `ring` of `blocks` blocks receives, until told to end on control_fd and the ring is empty. 0, or −errno. */
int tap_ring(struct tap *t, uint8_t *ring, uint32_t block_octets, uint32_t blocks, int capture_fd, int control_fd)
{
    struct pollfd watched[2] = {{t->fd, POLLIN | POLLERR, 0}, {control_fd, POLLIN, 0}};
    uint32_t turn = 0;
    bool ending = false;
    for (;;) {
        uint8_t *block = ring + (size_t)turn * block_octets;
        if ((__atomic_load_n(status_of(block), __ATOMIC_ACQUIRE) & TP_STATUS_USER) != 0u) {
            int broke = take_block(t, block, block_octets, capture_fd);
            if (broke != 0) return broke;
            __atomic_store_n(status_of(block), (uint32_t)TP_STATUS_KERNEL, __ATOMIC_RELEASE);
            turn = (turn + 1u) % blocks;
            continue;
        }
        add_statistics(t);
        if (ending) return 0;
        if (poll(watched, 2, STATISTICS_MS) < 0 && errno != EINTR) return -errno;
        if (asked_to_end(&watched[1])) { /* the kernel hands a block over 10 ms after its first packet: one look more */
            ending = true;
            sleep_until(now_ns() + 2 * STATISTICS_MS * NS_PER_S / 1000);
        }
    }
}
