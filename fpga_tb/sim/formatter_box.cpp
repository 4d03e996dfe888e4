// SPDX-License-Identifier: GPL-2.0-or-later
// formatter_box.h on top of formatter_model.cpp, for the shipped formatter's registers and record of seven beats.
#include "formatter_box.h"

#include <algorithm>
#include <array>
#include <memory>
#include <vector>

#include "formatter_model.h"

namespace {

constexpr uint64_t FLUSH_CLOCKS = 4096;
constexpr uint64_t SETTLE_CLOCKS = 32;  // behind a record, so that what it closed is out
constexpr size_t BLOCK_ROOM = 8192;
enum : uint32_t { SOURCE = 0x04, SERVICE = 0x08, MTU = 0x0C, FLUSH = 0x10 };

struct Box {
    void* model = nullptr;
    formatter_settings settings{};
    uint64_t due_ns = 0;       // box time that has not become clocks yet
    size_t kept = 0;           // octets of a block that is not whole yet
    std::array<uint8_t, 2 * BLOCK_ROOM> octets{};
    ~Box() {
        if (model) formatter_free(model);
    }
};

void run(Box& box, const uint64_t* words, const uint16_t* controls, uint64_t beats, uint64_t clocks) {
    std::array<uint64_t, 16> ends{}, end_clocks{};
    formatter_batch b{};
    b.words = words;
    b.controls = controls;
    b.beats = beats;
    b.seed = 1;
    b.drain_clocks = clocks;
    b.most_clocks = clocks + 64 * beats + BLOCK_ROOM;
    b.octets = box.octets.data() + box.kept;
    b.octets_room = box.octets.size() - box.kept;
    b.ends = ends.data();
    b.end_clocks = end_clocks.data();
    b.blocks_room = ends.size();
    formatter_run(box.model, &b);
    size_t from = 0;
    for (uint64_t i = 0; i < std::min<uint64_t>(b.blocks, ends.size()); i++) {
        const size_t to = box.kept + ends[i];
        box.settings.sink(box.settings.context, box.octets.data() + from, to - from);
        from = to;
    }
    const size_t have = box.kept + b.octets_used;
    std::copy(box.octets.begin() + static_cast<long>(from), box.octets.begin() + static_cast<long>(have), box.octets.begin());
    box.kept = have - from;
}

}  // namespace

extern "C" {

void* formatter_box_new(const formatter_settings* settings) {
    auto box = std::make_unique<Box>();
    box->settings = *settings;
    box->model = formatter_new(0);
    const uint32_t source = static_cast<uint32_t>(settings->sac) << 8 | settings->sic;
    const bool taken = formatter_write(box->model, SOURCE, source, 15, 0, 0) == 0 &&
                       formatter_write(box->model, SERVICE, settings->service, 15, 0, 0) == 0 &&
                       formatter_write(box->model, MTU, settings->mtu_octets, 15, 0, 0) == 0 &&
                       formatter_write(box->model, FLUSH, FLUSH_CLOCKS, 15, 0, 0) == 0 && settings->flush_ns > 0;
    return taken ? box.release() : nullptr;
}

void formatter_box_free(void* handle) { delete static_cast<Box*>(handle); }

void formatter_box_push(void* handle, const uint8_t* record, size_t n) {
    std::vector<uint64_t> words((n + 7) / 8, 0);
    std::vector<uint16_t> controls(words.size(), 0xFF);
    for (size_t i = 0; i < n; i++) words[i / 8] |= static_cast<uint64_t>(record[i]) << 8 * (i % 8);
    if (words.empty()) return;
    controls.back() = static_cast<uint16_t>(((1U << ((n - 1) % 8 + 1)) - 1) | 0x100U);
    run(*static_cast<Box*>(handle), words.data(), controls.data(), words.size(), SETTLE_CLOCKS);
}

void formatter_box_advance(void* handle, uint64_t elapsed_ns) {
    auto& box = *static_cast<Box*>(handle);
    box.due_ns = std::min(box.due_ns + elapsed_ns, 2 * box.settings.flush_ns);
    const uint64_t clocks = box.due_ns * FLUSH_CLOCKS / box.settings.flush_ns;
    if (clocks == 0) return;
    box.due_ns -= clocks * box.settings.flush_ns / FLUSH_CLOCKS;
    run(box, nullptr, nullptr, 0, clocks);
}
}
