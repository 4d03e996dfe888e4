/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "box_options.h"

#include <math.h>
#include <string.h>

#include "text.h"

static const double RADIANS = 3.14159265358979323846 / 180.0;

static bool octet(const char *text, uint8_t *out);

static bool take_sac(struct box_config *box, const char *value)
{
    return octet(value, &box->sac);
}

static bool take_sic(struct box_config *box, const char *value)
{
    return octet(value, &box->sic);
}

static bool take_service(struct box_config *box, const char *value)
{
    return octet(value, &box->service);
}

static bool take_serial_number(struct box_config *box, const char *value)
{
    if (*value == '\0' || strlen(value) >= sizeof box->serial_number || strpbrk(value, ",; \t") != NULL) {
        return false;
    }
    struct text copy = text_on(box->serial_number, sizeof box->serial_number);
    text_add(&copy, value);
    return true;
}

static bool take_sensor(struct box_config *box, const char *value)
{
    double parts[5] = {0}; /* SAC, SIC, latitude, longitude, height */
    if (!box_option_numbers(value, "/:::", parts) || parts[0] < 0.0 || parts[0] > 255.0 || parts[1] < 0.0 ||
        parts[1] > 255.0 || fabs(parts[2]) > 90.0 || fabs(parts[3]) > 180.0 || fabs(parts[4]) > 20000.0) {
        return false;
    }
    const struct geodetic at = {parts[2] * RADIANS, parts[3] * RADIANS, parts[4]};
    return sensors_put(&box->sensors, (uint8_t)parts[0], (uint8_t)parts[1], at);
}

static bool take_flush_ms(struct box_config *box, const char *value)
{
    double ms = 0.0;
    if (!box_option_numbers(value, "", &ms) || ms < 0.0 || ms > 1000.0) {
        return false;
    }
    box->settings.flush_ns = (uint64_t)(ms * 1e6);
    return true;
}

static bool take_mtu(struct box_config *box, const char *value)
{
    double mtu = 0.0;
    if (!box_option_whole(value, MTU_MIN, MTU_MAX, &mtu)) {
        return false;
    }
    box->settings.mtu = (uint16_t)mtu;
    return true;
}

static bool take_fcs(struct box_config *box, const char *value)
{
    box->fcs_octets = strcmp(value, "32") == 0 ? 4 : 2;
    return strcmp(value, "16") == 0 || strcmp(value, "32") == 0;
}

static bool take_coast_s(struct box_config *box, const char *value)
{
    double seconds = 0.0;
    if (!box_option_numbers(value, "", &seconds) || seconds < 1.0 || seconds > 3600.0) {
        return false;
    }
    box->settings.coast_ns = (uint64_t)(seconds * 1e9);
    return true;
}

static bool take_filter(struct box_config *box, const char *value)
{
    double gains[3] = {0};
    if (!box_option_numbers(value, ",,", gains) || gains[0] <= 0.0 || gains[0] > 1.0 || gains[1] < 0.0 ||
        gains[1] > 2.0 || gains[2] < 0.0 || gains[2] > 1.0) {
        return false;
    }
    box->settings.gains = (struct filter_gains){gains[0], gains[1], gains[2]};
    return true;
}

static bool take_capacity(struct box_config *box, const char *value)
{
    return box_option_numbers(value, "", &box->settings.capacity) && box->settings.capacity >= 1.0 &&
           box->settings.capacity <= CAPACITY_MAX;
}

static const struct {
    const char *name, *value;
    bool (*parse)(struct box_config *box, const char *value);
} OPTIONS[] = {
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
};

enum { OPTION_COUNT = sizeof OPTIONS / sizeof OPTIONS[0] };

enum box_option box_option_take(struct box_config *box, const char *name, const char *value, const char **expected)
{
    for (unsigned i = 0; i < OPTION_COUNT; i++) {
        if (strcmp(name, OPTIONS[i].name) == 0) {
            *expected = OPTIONS[i].value;
            return OPTIONS[i].parse(box, value) ? BOX_OPTION_TAKEN : BOX_OPTION_REFUSED;
        }
    }
    return BOX_OPTION_UNKNOWN;
}

/* One number, then one more behind each separator. */
bool box_option_numbers(const char *text, const char *separators, double *out)
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

bool box_option_whole(const char *text, double low, double high, double *out)
{
    return box_option_numbers(text, "", out) && *out >= low && *out <= high && floor(*out) == *out;
}

static bool octet(const char *text, uint8_t *out)
{
    double value = 0.0;
    if (!box_option_whole(text, 0.0, 255.0, &value)) {
        return false;
    }
    *out = (uint8_t)value;
    return true;
}
