/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The box on a Cortex-M3: hal.h over UARTs and Ethernet, and a loop that sleeps until an interrupt.
 *
 * Settings are words separated by blanks: those of docs/icd.md §5 that say what the box is, and
 * --ip A.B.C.D/N --gateway A.B.C.D --radar-port N --link-port N --link-out A.B.C.D:PORT --c2-out A.B.C.D:PORT. */
#include <string.h>

#include "board.h"
#include "box.h"
#include "box_options.h"
#include "net.h"
#include "text.h"

enum { WORDS_MAX = 64, SETTINGS_MAX = 1024, UART_CHUNK = 256, SETTINGS_BAD = 1, ETHERNET_BAD = 2 };

static const uint64_t NS_PER_US = 1000u;

struct hal {
    struct net net;
    struct net_address own;
    uint16_t radar_port, link_port;
    struct {
        uint32_t ip;
        uint16_t port;
    } out[HAL_OUTPUTS];
    unsigned faults; /* found while starting */
};

static struct hal hal;
static struct box box;
static struct box_config config;
static char settings[SETTINGS_MAX];

extern const uint8_t build_id_note_start[], build_id_note_end[];

int main(void);

static void read_settings(void);
static bool take_setting(const char *name, const char *value);
static bool read_ip(const char **text, uint32_t *ip);
static bool read_endpoint(const char *text, unsigned output);
static bool read_port(const char *text, uint16_t *port);
static bool frame_out(void *context, const uint8_t *frame, size_t n);
static void datagram_in(void *context, uint16_t port, const uint8_t *payload, size_t n);
static bool do_work(void);
static bool read_uart(unsigned uart, enum box_input input);

int main(void)
{
    clock_init();
    uart_init();
    watchdog_init();
    config = box_config_default();
    read_settings();
    if (!ethernet_init(hal.own.mac)) {
        hal.faults |= ETHERNET_BAD;
    }
    net_init(&hal.net, &hal.own, frame_out, datagram_in, &hal);
    box_init(&box, &config, &hal);
    if (hal.faults != 0) {
        box_log(&box, (hal.faults & SETTINGS_BAD) != 0 ? "settings are bad" : "no Ethernet controller");
    }
    for (;;) {
        const bool busy = do_work();
        box_poll(&box);
        if (!busy && !box.hangs) {
            clock_alarm_at(box_deadline_ns(&box) / NS_PER_US + 1u);
            board_sleep();
        }
    }
}

uint64_t hal_now_ns(struct hal *self)
{
    (void)self;
    return clock_us() * NS_PER_US;
}

/* The board has no clock of its own: SYST:TIME tells it. */
bool hal_utc_ns(struct hal *self, uint64_t *ns_since_midnight)
{
    (void)self;
    *ns_since_midnight = clock_us() % 86400000000u * NS_PER_US;
    return false;
}

bool hal_send(struct hal *self, enum hal_output output, const uint8_t *octets, size_t n)
{
    return net_send(&self->net, self->out[output].ip, self->out[output].port, self->radar_port, octets, n);
}

void hal_console_write(struct hal *self, const char *text, size_t n)
{
    (void)self;
    uart_write(UART_CONSOLE, (const uint8_t *)text, n);
}

void hal_trace_record(struct hal *self, const uint8_t *record, size_t n)
{
    (void)self;
    (void)record;
    (void)n;
}

size_t hal_build_id(struct hal *self, uint8_t out[HAL_BUILD_ID_OCTETS])
{
    enum { NOTE_HEADER = 16 }; /* three lengths and "GNU" */
    (void)self;
    if (build_id_note_end - build_id_note_start < NOTE_HEADER + HAL_BUILD_ID_OCTETS) {
        return 0;
    }
    memcpy(out, build_id_note_start + NOTE_HEADER, HAL_BUILD_ID_OCTETS);
    return HAL_BUILD_ID_OCTETS;
}

enum hal_reset_cause hal_reset_cause(struct hal *self)
{
    (void)self;
    return reset_cause();
}

unsigned hal_boots(struct hal *self)
{
    (void)self;
    return reset_boots();
}

void hal_reset(struct hal *self)
{
    (void)self;
    reset_by_software();
}

void hal_watchdog_feed(struct hal *self)
{
    (void)self;
    watchdog_feed();
}

/* True: there may be more. */
static bool do_work(void)
{
    static uint8_t frame[NET_FRAME_MAX];
    bool busy = read_uart(UART_CONSOLE, BOX_CONSOLE);
    busy = read_uart(UART_RADAR, BOX_RADAR_SERIAL) || busy;
    const size_t n = ethernet_receive(frame, sizeof frame);
    if (n > 0) {
        net_receive(&hal.net, frame, n);
    }
    return busy || n > 0;
}

static bool read_uart(unsigned uart, enum box_input input)
{
    uint8_t octets[UART_CHUNK];
    const size_t n = uart_read(uart, octets, sizeof octets);
    if (n > 0) {
        box_receive(&box, input, octets, n);
    }
    return n > 0;
}

static bool frame_out(void *context, const uint8_t *frame, size_t n)
{
    (void)context;
    return ethernet_send(frame, n);
}

static void datagram_in(void *context, uint16_t port, const uint8_t *payload, size_t n)
{
    const struct hal *self = context;
    if (port == self->radar_port) {
        box_receive(&box, BOX_RADAR_ETH, payload, n);
    } else if (port == self->link_port) {
        box_receive(&box, BOX_LINK_IN, payload, n);
    }
}

/* The first word is the program's name. */
static void read_settings(void)
{
    const char *words[WORDS_MAX];
    unsigned count = 0;
    config.output_used[HAL_LINK_OUT] = config.output_used[HAL_C2_OUT] = false;
    (void)settings_read(settings, sizeof settings - 1u);
    for (char *at = settings; *at != '\0' && count < WORDS_MAX;) {
        words[count++] = at;
        at += strcspn(at, " ");
        if (*at == ' ') {
            *at++ = '\0';
        }
    }
    for (unsigned i = 1; i < count; i += 2) {
        if (!take_setting(words[i], i + 1 < count ? words[i + 1] : "")) {
            hal.faults |= SETTINGS_BAD;
        }
    }
}

static bool take_setting(const char *name, const char *value)
{
    const char *expected = NULL;
    if (strcmp(name, "--ip") == 0) {
        double bits = 0.0;
        const bool good = read_ip(&value, &hal.own.ip) && *value == '/' &&
                          box_option_whole(value + 1, 1.0, 31.0, &bits);
        hal.own.mask = ~(UINT32_MAX >> (unsigned)bits);
        return good;
    }
    if (strcmp(name, "--gateway") == 0) {
        return read_ip(&value, &hal.own.gateway) && *value == '\0';
    }
    if (strcmp(name, "--radar-port") == 0) {
        return read_port(value, &hal.radar_port);
    }
    if (strcmp(name, "--link-port") == 0) {
        return read_port(value, &hal.link_port);
    }
    if (strcmp(name, "--link-out") == 0) {
        return read_endpoint(value, HAL_LINK_OUT);
    }
    if (strcmp(name, "--c2-out") == 0) {
        return read_endpoint(value, HAL_C2_OUT);
    }
    return box_option_take(&config, name, value, &expected) == BOX_OPTION_TAKEN;
}

/* Leaves `*text` behind the address. */
static bool read_ip(const char **text, uint32_t *ip)
{
    *ip = 0;
    for (int part = 0; part < 4; part++) {
        uint32_t value = 0;
        if (part > 0 && *(*text)++ != '.') {
            return false;
        }
        if (**text < '0' || **text > '9') {
            return false;
        }
        while (**text >= '0' && **text <= '9' && value < 256) {
            value = 10u * value + (uint32_t)(*(*text)++ - '0');
        }
        if (value > 255) {
            return false;
        }
        *ip = (*ip << 8) | value;
    }
    return true;
}

static bool read_endpoint(const char *text, unsigned output)
{
    config.output_used[output] =
        read_ip(&text, &hal.out[output].ip) && *text == ':' && read_port(text + 1, &hal.out[output].port);
    return config.output_used[output];
}

static bool read_port(const char *text, uint16_t *port)
{
    double value = 0.0;
    const bool good = box_option_whole(text, 1.0, 65535.0, &value);
    *port = (uint16_t)value;
    return good;
}
