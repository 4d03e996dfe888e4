/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "options.h"

#include <arpa/inet.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "text.h"

static const double RADIANS = 3.14159265358979323846 / 180.0;

enum { ENDPOINT_TEXT_MAX = 64 };

typedef bool parser(struct options *options, const char *value);

static bool refuse(const char *option, const char *value, const char *expected);
static bool numbers(const char *text, const char *separators, double *out);
static bool whole(const char *text, double low, double high, double *out);
static bool octet(const char *text, uint8_t *out);
static bool endpoint(const char *text, struct endpoint *out);

static bool take_console(struct options *options, const char *value)
{
    options->console = value;
    return *value != '\0';
}

static bool take_radar_serial(struct options *options, const char *value)
{
    options->radar_serial = value;
    return *value != '\0';
}

static bool take_dump_records(struct options *options, const char *value)
{
    options->dump_records = value;
    return *value != '\0';
}

static bool take_radar_eth(struct options *options, const char *value)
{
    return endpoint(value, &options->radar_eth);
}

static bool take_link_in(struct options *options, const char *value)
{
    return endpoint(value, &options->link_in);
}

static bool take_link_out(struct options *options, const char *value)
{
    return endpoint(value, &options->out[HAL_LINK_OUT]);
}

static bool take_c2_out(struct options *options, const char *value)
{
    return endpoint(value, &options->out[HAL_C2_OUT]);
}

static bool take_sac(struct options *options, const char *value)
{
    return octet(value, &options->box.sac);
}

static bool take_sic(struct options *options, const char *value)
{
    return octet(value, &options->box.sic);
}

static bool take_service(struct options *options, const char *value)
{
    return octet(value, &options->box.service);
}

static bool take_serial_number(struct options *options, const char *value)
{
    if (*value == '\0' || strlen(value) >= sizeof options->box.serial_number || strpbrk(value, ",; \t") != NULL) {
        return false;
    }
    (void)snprintf(options->box.serial_number, sizeof options->box.serial_number, "%s", value);
    return true;
}

static bool take_sensor(struct options *options, const char *value)
{
    double parts[5] = {0}; /* SAC, SIC, latitude, longitude, height */
    if (!numbers(value, "/:::", parts) || parts[0] < 0.0 || parts[0] > 255.0 || parts[1] < 0.0 || parts[1] > 255.0 ||
        fabs(parts[2]) > 90.0 || fabs(parts[3]) > 180.0 || fabs(parts[4]) > 20000.0) {
        return false;
    }
    const struct geodetic at = {parts[2] * RADIANS, parts[3] * RADIANS, parts[4]};
    return sensors_put(&options->box.sensors, (uint8_t)parts[0], (uint8_t)parts[1], at);
}

static bool take_flush_ms(struct options *options, const char *value)
{
    double ms = 0.0;
    if (!numbers(value, "", &ms) || ms < 0.0 || ms > 1000.0) {
        return false;
    }
    options->box.settings.flush_ns = (uint64_t)(ms * 1e6);
    return true;
}

static bool take_mtu(struct options *options, const char *value)
{
    double mtu = 0.0;
    if (!whole(value, MTU_MIN, MTU_MAX, &mtu)) {
        return false;
    }
    options->box.settings.mtu = (uint16_t)mtu;
    return true;
}

static bool take_fcs(struct options *options, const char *value)
{
    options->box.fcs_octets = strcmp(value, "32") == 0 ? 4 : 2;
    return strcmp(value, "16") == 0 || strcmp(value, "32") == 0;
}

static bool take_coast_s(struct options *options, const char *value)
{
    double seconds = 0.0;
    if (!numbers(value, "", &seconds) || seconds < 1.0 || seconds > 3600.0) {
        return false;
    }
    options->box.settings.coast_ns = (uint64_t)(seconds * 1e9);
    return true;
}

static bool take_filter(struct options *options, const char *value)
{
    double gains[3] = {0};
    if (!numbers(value, ",,", gains) || gains[0] <= 0.0 || gains[0] > 1.0 || gains[1] < 0.0 || gains[1] > 2.0 ||
        gains[2] < 0.0 || gains[2] > 1.0) {
        return false;
    }
    options->box.settings.gains = (struct filter_gains){gains[0], gains[1], gains[2]};
    return true;
}

static bool take_capacity(struct options *options, const char *value)
{
    return numbers(value, "", &options->box.settings.capacity) && options->box.settings.capacity >= 1.0 &&
           options->box.settings.capacity <= CAPACITY_MAX;
}

static bool take_boot_ms(struct options *options, const char *value)
{
    double ms = 0.0;
    if (!whole(value, 0.0, 60000.0, &ms)) {
        return false;
    }
    options->boot_ms = (unsigned)ms;
    return true;
}

static const struct {
    const char *name, *value;
    parser *parse;
} OPTIONS[] = {
    {"--console", "LINK", take_console},
    {"--radar-serial", "LINK", take_radar_serial},
    {"--radar-eth", "IP:PORT", take_radar_eth},
    {"--link-in", "IP:PORT", take_link_in},
    {"--link-out", "IP:PORT[@SRC_IP]", take_link_out},
    {"--c2-out", "IP:PORT[@SRC_IP]", take_c2_out},
    {"--sac", "0...255", take_sac},
    {"--sic", "0...255", take_sic},
    {"--service", "0...255", take_service},
    {"--serial-number", "up to 23 characters, no comma", take_serial_number},
    {"--sensor", "SAC/SIC:LAT_DEG:LON_DEG:HEIGHT_M", take_sensor},
    {"--flush-ms", "0...1000", take_flush_ms},
    {"--mtu", "64...1472", take_mtu},
    {"--fcs", "16 or 32", take_fcs},
    {"--coast-s", "1...3600", take_coast_s},
    {"--filter", "ALPHA,BETA,GAMMA", take_filter},
    {"--capacity", "1...1000000", take_capacity},
    {"--boot-ms", "0...60000", take_boot_ms},
    {"--dump-records", "FILE", take_dump_records},
};

enum { OPTION_COUNT = sizeof OPTIONS / sizeof OPTIONS[0] };

bool options_parse(int argc, char **argv, struct options *options)
{
    memset(options, 0, sizeof *options);
    options->box = box_config_default();
    for (int i = 1; i < argc; i++) {
        unsigned which = 0;
        while (which < OPTION_COUNT && strcmp(argv[i], OPTIONS[which].name) != 0) {
            which++;
        }
        if (which == OPTION_COUNT) {
            (void)fprintf(stderr, "rib: unknown option %s: see docs/icd.md section 5\n", argv[i]);
            return false;
        }
        const char *value = i + 1 < argc ? argv[++i] : "";
        if (!OPTIONS[which].parse(options, value)) {
            return refuse(OPTIONS[which].name, value, OPTIONS[which].value);
        }
    }
    if (options->console == NULL) {
        return refuse("--console", "", "LINK");
    }
    for (unsigned port = 0; port < HAL_OUTPUTS; port++) {
        options->box.output_used[port] = options->out[port].given;
    }
    return true;
}

static bool refuse(const char *option, const char *value, const char *expected)
{
    (void)fprintf(stderr, "rib: cannot use %s '%s': expected %s\n", option, value, expected);
    return false;
}

/* One number, then one more behind each separator. */
static bool numbers(const char *text, const char *separators, double *out)
{
    while (text_number(&text, out++)) {
        if (*separators == '\0') {
            return *text == '\0';
        }
        if (*text++ != *separators++) {
            return false;
        }
    }
    return false;
}

static bool whole(const char *text, double low, double high, double *out)
{
    return numbers(text, "", out) && *out >= low && *out <= high && floor(*out) == *out;
}

static bool octet(const char *text, uint8_t *out)
{
    double value = 0.0;
    if (!whole(text, 0.0, 255.0, &value)) {
        return false;
    }
    *out = (uint8_t)value;
    return true;
}

/* IP:PORT[@SRC_IP] */
static bool endpoint(const char *text, struct endpoint *out)
{
    char copy[ENDPOINT_TEXT_MAX];
    double port = 0.0;
    if (strlen(text) >= sizeof copy) {
        return false;
    }
    (void)snprintf(copy, sizeof copy, "%s", text);
    char *source = strchr(copy, '@');
    if (source != NULL) {
        *source++ = '\0';
        if (inet_pton(AF_INET, source, &out->source) != 1) {
            return false;
        }
    }
    char *colon = strrchr(copy, ':');
    if (colon == NULL || !whole(colon + 1, 1.0, 65535.0, &port)) {
        return false;
    }
    *colon = '\0';
    out->at.sin_family = AF_INET;
    out->at.sin_port = htons((uint16_t)port);
    out->text = text;
    out->given = true;
    return inet_pton(AF_INET, copy, &out->at.sin_addr) == 1;
}
