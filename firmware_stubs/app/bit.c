/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bit.h"

#include <math.h>
#include <string.h>

#include "cat062.h"
#include "geodesy.h"
#include "hdlc.h"
#include "track_record.h"

static unsigned check_fcs(void);
static unsigned check_geodesy(void);
static unsigned check_formatter(void);
static void count_octets(void *context, const uint8_t *block, size_t n);

unsigned bit_run(struct hal *hal)
{
    uint8_t id[HAL_BUILD_ID_OCTETS];
    const unsigned identity = hal_build_id(hal, id) == HAL_BUILD_ID_OCTETS ? BIT_GOOD : BIT_BUILD_ID;
    return check_fcs() | check_geodesy() | check_formatter() | identity;
}

/* The check values that the CRC catalogues give for "123456789". */
static unsigned check_fcs(void)
{
    static const uint8_t digits[] = "123456789";
    const size_t n = sizeof digits - 1u;
    return hdlc_fcs16(digits, n) == 0x906eu && hdlc_fcs32(digits, n) == 0xcbf43926u ? BIT_GOOD : BIT_FCS;
}

static unsigned check_geodesy(void)
{
    const struct geodetic at = {0.61, 2.43, 10000.0};
    const struct geodetic back = geodetic_from_ecef(ecef_from_geodetic(at));
    const double off = fabs(back.latitude_rad - at.latitude_rad) + fabs(back.longitude_rad - at.longitude_rad);
    return off < 1e-11 && fabs(back.height_m - at.height_m) < 1e-4 ? BIT_GOOD : BIT_GEODESY;
}

/* The shortest record: header 3, FSPEC 2, 010 2, 015 1, 070 3, 040 2, 080 1. */
static unsigned check_formatter(void)
{
    uint8_t record[TRACK_RECORD_OCTETS] = {0};
    size_t sent = 0;
    struct cat062 formatter;
    record[AT_VERSION] = TRACK_RECORD_VERSION;
    cat062_init(&formatter, 0, 0, 0, count_octets, &sent);
    const bool taken = cat062_push(&formatter, record, sizeof record, 0);
    cat062_flush(&formatter);
    cat062_end(&formatter);
    return taken && sent == 14 ? BIT_GOOD : BIT_FORMATTER;
}

static void count_octets(void *context, const uint8_t *block, size_t n)
{
    (void)block;
    *(size_t *)context += n;
}
