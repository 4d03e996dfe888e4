/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cat062.h by the Verilated FPGA (fpga_tb/sim), one for each output. Records that are CAT062 already go beside it, in
 * blocks of their own. A formatter that refuses its settings is out of service: *TST? says so, every record is malformed. */
#include "cat062.h"

#include <string.h>

#include "formatter_box.h"

enum { CATEGORY = 62 };

#ifdef FORMATTER_DIGEST
/* of the library beside the box, so that the box's build id tells which one it was built with */
__attribute__((used)) static const char formatter_digest[] = FORMATTER_DIGEST;
#endif

static void give_up(struct cat062 *formatter);

void cat062_init(struct cat062 *formatter, uint8_t sac, uint8_t sic, uint8_t service, block_sink *sink, void *context)
{
    memset(formatter, 0, sizeof *formatter);
    formatter->sac = sac;
    formatter->sic = sic;
    formatter->service = service;
    block_init(&formatter->block, CATEGORY, sink, context);
    const struct formatter_settings settings = {
        .sac = sac,
        .sic = sic,
        .service = service,
        .mtu_octets = formatter->block.mtu,
        .flush_ns = formatter->block.flush_ns,
        .sink = sink,
        .context = context,
    };
    formatter->fpga = formatter_box_new(&settings);
}

void cat062_end(struct cat062 *formatter)
{
    if (formatter->fpga != NULL) {
        give_up(formatter);
    }
}

void cat062_set_mtu(struct cat062 *formatter, uint16_t mtu)
{
    block_close(&formatter->block);
    formatter->block.mtu = mtu;
    if (formatter->fpga != NULL && !formatter_box_set_mtu(formatter->fpga, mtu)) {
        give_up(formatter);
    }
}

void cat062_set_flush_ns(struct cat062 *formatter, uint64_t flush_ns)
{
    formatter->block.flush_ns = flush_ns;
    if (formatter->fpga != NULL && !formatter_box_set_flush_ns(formatter->fpga, flush_ns)) {
        give_up(formatter);
    }
}

bool cat062_push(struct cat062 *formatter, const uint8_t *record, size_t n, uint64_t now_ns)
{
    const bool taken = formatter->fpga != NULL && formatter_box_push(formatter->fpga, record, n, now_ns);
    formatter->records += taken ? 1 : 0;
    formatter->malformed += taken ? 0 : 1;
    return taken;
}

bool cat062_pass(struct cat062 *formatter, const uint8_t *record, size_t n, uint64_t now_ns)
{
    return block_add(&formatter->block, record, n, now_ns);
}

void cat062_poll(struct cat062 *formatter, uint64_t now_ns)
{
    block_poll(&formatter->block, now_ns);
    if (formatter->fpga != NULL) {
        formatter_box_poll(formatter->fpga, now_ns);
    }
}

void cat062_flush(struct cat062 *formatter)
{
    block_close(&formatter->block);
    if (formatter->fpga != NULL) {
        formatter_box_flush(formatter->fpga);
    }
}

uint64_t cat062_deadline_ns(const struct cat062 *formatter)
{
    const uint64_t beside = block_deadline_ns(&formatter->block);
    const uint64_t fpga = formatter->fpga == NULL ? NO_DEADLINE : formatter_box_deadline_ns(formatter->fpga);
    return fpga < beside ? fpga : beside;
}

struct cat062_clocks cat062_clocks(const struct cat062 *formatters, unsigned count)
{
    struct cat062_clocks all = {0};
    for (unsigned i = 0; i < count; i++) {
        const struct formatter_latency seen =
            formatters[i].fpga == NULL ? (struct formatter_latency){0} : formatter_box_latency(formatters[i].fpga);
        if (seen.messages > 0) {
            all.least = all.messages == 0 || seen.least < all.least ? seen.least : all.least;
            all.most = seen.most > all.most ? seen.most : all.most;
            all.messages += seen.messages;
            all.period_ps = seen.period_ps;
        }
    }
    return all;
}

static void give_up(struct cat062 *formatter)
{
    formatter_box_free(formatter->fpga);
    formatter->fpga = NULL;
}
