// SPDX-License-Identifier: GPL-2.0-or-later
// formatter_box.h on top of formatter_model.cpp. Addresses of the registers and the clock's period come from the formatter
// file by way of the compiler's command line (fpga_tb/sim/model.py).
#include "formatter_box.h"

#include <algorithm>
#include <array>
#include <memory>
#include <vector>

#include "formatter_model.h"

namespace {

constexpr uint64_t FLUSH_CLOCKS = 4096;
constexpr uint64_t SETTLE_CLOCKS = 40;  // behind a record or the flush time, so that what it closed has begun to leave
constexpr uint64_t PUSH_CLOCKS = 80;    // a record, what settles behind it, and the register that tells its fate
constexpr size_t BLOCK_ROOM = 8192;
constexpr uint32_t WHOLE_WORD = 15;

struct Box {
    void* model = nullptr;
    formatter_settings settings{};
    uint32_t records = 0;       // as the formatter counts them
    uint64_t waiting = 0;       // records in the open block; 0 = none is open
    uint64_t opened_ns = 0, deadline_ns = 0, opened_clock = 0;
    formatter_latency latency{0, 0, 0, FORMATTER_PERIOD_PS};
    size_t kept = 0;            // octets of a block that is not whole yet
    std::array<uint8_t, 2 * BLOCK_ROOM> octets{};
    ~Box() {
        if (model) formatter_free(model);
    }
    uint64_t since_opened() const { return formatter_clocks(model) - opened_clock; }
};

struct Ran {
    uint64_t blocks, last_in, last_out;  // clocks since the model's reset
};

Ran run(Box& box, const std::vector<uint64_t>& words, const std::vector<uint16_t>& controls, uint64_t silence) {
    std::array<uint64_t, 16> ends{}, end_clocks{};
    const uint64_t start = formatter_clocks(box.model);
    formatter_batch b{};
    b.words = words.data();
    b.controls = controls.data();
    b.beats = words.size();
    b.seed = 1;
    b.drain_clocks = silence;
    b.most_clocks = silence + 64 * words.size() + BLOCK_ROOM;
    b.octets = box.octets.data() + box.kept;
    b.octets_room = box.octets.size() - box.kept;
    b.ends = ends.data();
    b.end_clocks = end_clocks.data();
    b.blocks_room = ends.size();
    formatter_run(box.model, &b);
    const uint64_t blocks = std::min<uint64_t>(b.blocks, ends.size());
    size_t from = 0;
    for (uint64_t i = 0; i < blocks; i++) {
        const size_t to = box.kept + ends[i];
        box.settings.sink(box.settings.context, box.octets.data() + from, to - from);
        from = to;
    }
    const size_t have = box.kept + std::min(b.octets_used, b.octets_room);
    std::copy(box.octets.begin() + static_cast<long>(from), box.octets.begin() + static_cast<long>(have), box.octets.begin());
    box.kept = have - from;
    return {blocks, start + b.last_in, start + (blocks > 0 ? end_clocks[blocks - 1] : 0)};
}

void count(formatter_latency& seen, uint64_t messages, uint64_t clocks) {
    seen.least = seen.messages == 0 ? clocks : std::min(seen.least, clocks);
    seen.most = std::max(seen.most, clocks);
    seen.messages += messages;
}

// Clocks without a record; a block that leaves was closed by the timer.
void idle(Box& box, uint64_t clocks) {
    const Ran ran = run(box, {}, {}, clocks);
    if (ran.blocks > 0 && box.waiting > 0) {
        const uint64_t over = std::min(box.opened_clock + FLUSH_CLOCKS, ran.last_out);
        count(box.latency, box.waiting, ran.last_out - over);
        box.waiting = 0;
    }
}

void expire(Box& box) {
    const uint64_t had = box.since_opened();
    if (had < FLUSH_CLOCKS) idle(box, FLUSH_CLOCKS - had);
    if (box.waiting > 0) idle(box, SETTLE_CLOCKS);
}

bool write(const Box& box, uint32_t address, uint32_t value) {
    return formatter_write(box.model, address, value, WHOLE_WORD, 0, 0) == 0;
}

}  // namespace

extern "C" {

void* formatter_box_new(const formatter_settings* settings) {
    auto box = std::make_unique<Box>();
    box->settings = *settings;
    box->model = formatter_new(0);
    const uint32_t source = static_cast<uint32_t>(settings->sac) << 8 | settings->sic;
    const bool taken = write(*box, REGISTER_SOURCE, source) && write(*box, REGISTER_SERVICE, settings->service) &&
                       formatter_box_set_mtu(box.get(), settings->mtu_octets) &&
                       formatter_box_set_flush_ns(box.get(), settings->flush_ns);
    return taken ? box.release() : nullptr;
}

void formatter_box_free(void* handle) { delete static_cast<Box*>(handle); }

bool formatter_box_set_mtu(void* handle, uint16_t mtu_octets) {
    auto& box = *static_cast<Box*>(handle);
    formatter_box_flush(handle);
    box.settings.mtu_octets = mtu_octets;
    return write(box, REGISTER_MTU, mtu_octets);
}

bool formatter_box_set_flush_ns(void* handle, uint64_t flush_ns) {
    auto& box = *static_cast<Box*>(handle);
    box.settings.flush_ns = flush_ns;
    return write(box, REGISTER_FLUSH, flush_ns > 0 ? FLUSH_CLOCKS : 0);
}

bool formatter_box_push(void* handle, const uint8_t* record, size_t n, uint64_t now_ns) {
    auto& box = *static_cast<Box*>(handle);
    std::vector<uint64_t> words((n + 7) / 8, 0);
    std::vector<uint16_t> controls(words.size(), 0xFF);
    if (words.empty()) return false;
    for (size_t i = 0; i < n; i++) words[i / 8] |= static_cast<uint64_t>(record[i]) << 8 * (i % 8);
    controls.back() = static_cast<uint16_t>(((1U << ((n - 1) % 8 + 1)) - 1) | 0x100U);
    formatter_box_poll(handle, now_ns);
    if (box.waiting > 0 && box.since_opened() + PUSH_CLOCKS > FLUSH_CLOCKS) expire(box);  // its time would end in between
    const Ran ran = run(box, words, controls, SETTLE_CLOCKS);
    const uint32_t before = box.records;
    formatter_read(box.model, REGISTER_RECORDS, &box.records, 0);
    const bool taken = box.records != before;
    if (ran.blocks > 0 && taken) {
        const bool own = box.waiting == 0;  // nothing was open: the block holds this record alone
        count(box.latency, own ? 1 : box.waiting, ran.last_out - ran.last_in);
        box.waiting = 0;
        if (own) return true;
    }
    if (taken && box.waiting++ == 0) {
        box.opened_ns = now_ns;
        box.deadline_ns = now_ns + box.settings.flush_ns;
        box.opened_clock = ran.last_in;
    }
    return taken;
}

void formatter_box_poll(void* handle, uint64_t now_ns) {
    auto& box = *static_cast<Box*>(handle);
    if (box.waiting == 0) return;
    if (now_ns >= box.deadline_ns) {
        expire(box);
        box.deadline_ns = now_ns + box.settings.flush_ns;  // when a broken formatter keeps its block
        return;
    }
    const uint64_t due = (now_ns - box.opened_ns) * FLUSH_CLOCKS / (box.deadline_ns - box.opened_ns);
    const uint64_t had = box.since_opened();
    if (due > had) idle(box, due - had);
}

void formatter_box_flush(void* handle) {
    auto& box = *static_cast<Box*>(handle);
    if (box.waiting > 0) expire(box);
}

uint64_t formatter_box_deadline_ns(const void* handle) {
    const auto& box = *static_cast<const Box*>(handle);
    return box.waiting > 0 ? box.deadline_ns : UINT64_MAX;
}

formatter_latency formatter_box_latency(const void* handle) { return static_cast<const Box*>(handle)->latency; }
}
