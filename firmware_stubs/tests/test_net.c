/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The small IP stack: who is asked, who is answered, what is refused. */
#include <string.h>

#include "cmocka_all.h"
#include "net.h"
#include "octets.h"

static const struct net_address OWN = {{0x52, 0x54, 0, 0x62, 0, 1}, 0x0a4d0002, 0xffffff00, 0x0a4d0001};
static const uint8_t THEIR_MAC[6] = {2, 0, 0, 0, 0, 1};
enum { THEIR_IP = 0x0a4d0001, FAR_IP = 0x08080808 };

static struct net net;
static uint8_t frames[8][NET_FRAME_MAX];
static size_t frame_octets[8];
static unsigned frame_count;
static uint8_t payload[2000];
static size_t payload_octets;
static unsigned payload_count;

static bool keep_frame(void *context, const uint8_t *frame, size_t n)
{
    (void)context;
    memcpy(frames[frame_count % 8], frame, n);
    frame_octets[frame_count++ % 8] = n;
    return true;
}

static void keep_payload(void *context, uint16_t port, const uint8_t *octets, size_t n)
{
    (void)context;
    assert_int_equal(port, 8600);
    memcpy(payload, octets, n);
    payload_octets = n;
    payload_count++;
}

static int set_up(void **state)
{
    (void)state;
    net_init(&net, &OWN, keep_frame, keep_payload, NULL);
    frame_count = payload_count = 0;
    return 0;
}

static void learn_them(void)
{
    uint8_t arp[60] = {0};
    memcpy(arp, OWN.mac, 6);
    memcpy(arp + 6, THEIR_MAC, 6);
    put_u16(arp + 12, 0x0806);
    memcpy(arp + 14, (const uint8_t[]){0, 1, 8, 0, 6, 4, 0, 2}, 8);
    memcpy(arp + 22, THEIR_MAC, 6);
    put_u32(arp + 28, THEIR_IP);
    memcpy(arp + 32, OWN.mac, 6);
    put_u32(arp + 38, OWN.ip);
    net_receive(&net, arp, sizeof arp);
}

/* What this stack sends, sent back to it: only the addresses change places, which leaves every checksum right. */
static void reflect(const uint8_t *frame, size_t n, int spoil_at)
{
    uint8_t back[NET_FRAME_MAX];
    memcpy(back, frame, n);
    memcpy(back, frame + 6, 6);
    memcpy(back + 6, frame, 6);
    memcpy(back + 26, frame + 30, 4);
    memcpy(back + 30, frame + 26, 4);
    if (spoil_at >= 0) {
        back[spoil_at] ^= 0x10;
    }
    net_receive(&net, back, n);
}

static void a_datagram_waits_until_its_neighbour_is_known(void **state)
{
    (void)state;
    assert_true(net_send(&net, THEIR_IP, 8600, 8600, (const uint8_t *)"abc", 3));
    assert_int_equal(frame_count, 1);
    assert_int_equal(get_u16(frames[0] + 12), 0x0806);
    assert_false(net_send(&net, THEIR_IP, 8600, 8600, (const uint8_t *)"def", 3));
    learn_them();
    assert_int_equal(frame_count, 3);
    assert_memory_equal(frames[2], THEIR_MAC, 6);
    assert_memory_equal(frames[2] + 42, "abc", 3);
    assert_int_equal(frame_octets[2], 60);
}

static void a_datagram_comes_back_as_it_went(void **state)
{
    uint8_t long_one[1472];
    (void)state;
    learn_them();
    memset(long_one, 0x5a, sizeof long_one);
    for (size_t n = 0; n <= sizeof long_one; n += 23) {
        assert_true(net_send(&net, THEIR_IP, 8600, 8600, long_one, n));
        reflect(frames[(frame_count - 1) % 8], frame_octets[(frame_count - 1) % 8], -1);
        assert_int_equal(payload_octets, n);
        assert_memory_equal(payload, long_one, n);
    }
    assert_false(net_send(&net, THEIR_IP, 8600, 8600, long_one, 1473));
}

static void one_wrong_bit_anywhere_is_noticed(void **state)
{
    (void)state;
    learn_them();
    assert_true(net_send(&net, THEIR_IP, 8600, 8600, (const uint8_t *)"0123456789abcdefghij", 20));
    for (int at = 14; at < 14 + 20 + 8 + 20; at++) {
        reflect(frames[0], frame_octets[0], at);
    }
    assert_int_equal(payload_count, 0);
}

static void far_addresses_go_by_the_gateway_and_multicast_by_none(void **state)
{
    (void)state;
    learn_them();
    assert_true(net_send(&net, FAR_IP, 8600, 8600, (const uint8_t *)"x", 1));
    assert_memory_equal(frames[0], THEIR_MAC, 6);
    assert_true(net_send(&net, 0xefff0a05, 8600, 8600, (const uint8_t *)"x", 1));
    assert_memory_equal(frames[1], ((const uint8_t[]){1, 0, 0x5e, 0x7f, 0x0a, 5}), 6);
}

static void an_echo_request_is_answered(void **state)
{
    uint8_t frame[60] = {0};
    uint8_t *ip = frame + 14;
    (void)state;
    learn_them();
    put_u16(frame + 12, 0x0800);
    memcpy(ip, (const uint8_t[]){0x45, 0, 0, 32, 0, 0, 0, 0, 64, 1, 0x66, 0x41}, 12);
    put_u32(ip + 12, THEIR_IP);
    put_u32(ip + 16, OWN.ip);
    memcpy(ip + 20, (const uint8_t[]){8, 0, 0xf7, 0xfd, 0, 1, 0, 1}, 8);
    net_receive(&net, frame, sizeof frame);
    assert_int_equal(frame_count, 1);
    assert_int_equal(frames[0][34], 0);
    assert_int_equal(get_u32(frames[0] + 30), THEIR_IP);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_datagram_waits_until_its_neighbour_is_known, set_up),
        cmocka_unit_test_setup(a_datagram_comes_back_as_it_went, set_up),
        cmocka_unit_test_setup(one_wrong_bit_anywhere_is_noticed, set_up),
        cmocka_unit_test_setup(far_addresses_go_by_the_gateway_and_multicast_by_none, set_up),
        cmocka_unit_test_setup(an_echo_request_is_answered, set_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
