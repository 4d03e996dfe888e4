/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "options.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "box_options.h"

enum { ENDPOINT_TEXT_MAX = 64 };

typedef bool parser(struct options *options, const char *value);

static bool take(struct options *options, const char *name, const char *value);
static bool refuse(const char *option, const char *value, const char *expected);
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

static bool take_boot_ms(struct options *options, const char *value)
{
    double ms = 0.0;
    if (!box_option_whole(value, 0.0, 60000.0, &ms)) {
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
    {"--boot-ms", "0...60000", take_boot_ms},
    {"--dump-records", "FILE", take_dump_records},
};

enum { OPTION_COUNT = sizeof OPTIONS / sizeof OPTIONS[0] };

bool options_parse(int argc, char **argv, struct options *options)
{
    memset(options, 0, sizeof *options);
    options->box = box_config_default();
    for (int i = 1; i < argc; i += 2) {
        if (!take(options, argv[i], i + 1 < argc ? argv[i + 1] : "")) {
            return false;
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

static bool take(struct options *options, const char *name, const char *value)
{
    const char *expected = "";
    for (unsigned i = 0; i < OPTION_COUNT; i++) {
        if (strcmp(name, OPTIONS[i].name) == 0) {
            return OPTIONS[i].parse(options, value) || refuse(name, value, OPTIONS[i].value);
        }
    }
    switch (box_option_take(&options->box, name, value, &expected)) {
    case BOX_OPTION_TAKEN: return true;
    case BOX_OPTION_REFUSED: return refuse(name, value, expected);
    case BOX_OPTION_UNKNOWN: break;
    }
    (void)fprintf(stderr, "rib: unknown option %s: see docs/icd.md section 5\n", name);
    return false;
}

static bool refuse(const char *option, const char *value, const char *expected)
{
    (void)fprintf(stderr, "rib: cannot use %s '%s': expected %s\n", option, value, expected);
    return false;
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
    if (colon == NULL || !box_option_whole(colon + 1, 1.0, 65535.0, &port)) {
        return false;
    }
    *colon = '\0';
    out->at.sin_family = AF_INET;
    out->at.sin_port = htons((uint16_t)port);
    out->text = text;
    out->given = true;
    return inet_pton(AF_INET, copy, &out->at.sin_addr) == 1;
}
