/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The formatter on its own: track records on standard input, CAT062 data blocks on standard output.
 *
 *     cat062_format [--mtu N] [--sac N] [--sic N] [--service N] < records > blocks
 *
 * Blocks are closed by the MTU alone, and at the end. Malformed records are dropped; counters go to standard error as
 * name=value. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cat062.h"
#include "track_record.h"

static uint64_t blocks;

static void write_block(void *context, const uint8_t *block, size_t n);
static int usage(void);

int main(int argc, char **argv)
{
    static struct cat062 formatter;
    uint8_t record[TRACK_RECORD_OCTETS];
    unsigned long mtu = MTU_DEFAULT;
    unsigned long sac = 0;
    unsigned long sic = 1;
    unsigned long service = 1;
    for (int i = 1; i < argc; i += 2) {
        char *end = NULL;
        const unsigned long value = i + 1 < argc ? strtoul(argv[i + 1], &end, 10) : 0;
        unsigned long *option = strcmp(argv[i], "--mtu") == 0       ? &mtu
                                : strcmp(argv[i], "--sac") == 0     ? &sac
                                : strcmp(argv[i], "--sic") == 0     ? &sic
                                : strcmp(argv[i], "--service") == 0 ? &service
                                                                    : NULL;
        if (option == NULL || end == NULL || end == argv[i + 1] || *end != '\0') {
            return usage();
        }
        *option = value;
    }
    if (mtu < MTU_MIN || mtu > MTU_MAX || sac > 255 || sic > 255 || service > 255) {
        return usage();
    }
    cat062_init(&formatter, (uint8_t)sac, (uint8_t)sic, (uint8_t)service, write_block, stdout);
    cat062_set_mtu(&formatter, (uint16_t)mtu);
    size_t n = 0;
    while ((n = fread(record, 1, sizeof record, stdin)) > 0) {
        (void)cat062_push(&formatter, record, n, 0);
    }
    cat062_flush(&formatter);
    (void)fprintf(stderr, "records=%llu malformed=%llu blocks=%llu\n", (unsigned long long)formatter.records,
                  (unsigned long long)formatter.malformed, (unsigned long long)blocks);
    return fflush(stdout) == 0 ? 0 : 1;
}

static void write_block(void *context, const uint8_t *block, size_t n)
{
    if (fwrite(block, 1, n, context) == n) {
        blocks++;
    }
}

static int usage(void)
{
    (void)fprintf(stderr, "cat062_format: expected [--mtu %d...%d] [--sac N] [--sic N] [--service N]\n", MTU_MIN,
                  MTU_MAX);
    return 2;
}
