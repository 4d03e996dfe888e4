// SPDX-License-Identifier: GPL-2.0-or-later
// C interface to a Verilated formatter (the canonical wrapper of fpga_tb/tb/wrapper.py): clocks in, octets out. Used by the
// box with RTL in its data path, by the mutation run and as the speed limit of the benches. One model = one thread.
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <type_traits>

#include "Vformatter_under_test.h"
#include "formatter_model.h"
#include "verilated.h"
#if VM_COVERAGE
#include "verilated_cov.h"
#endif

namespace {

constexpr int HUNG = -1;
constexpr uint64_t BUS_PATIENCE = 64;  // clocks that a register access may take

struct Model {
    VerilatedContext context;
    Vformatter_under_test top{&context};
    uint64_t clocks = 0;
    bool waiting = false;  // a beat was offered and not taken: it must stay
    uint64_t waiting_data = 0;
    uint8_t waiting_keep = 0;
    bool waiting_last = false;
    uint64_t rules_broken = 0;

    void clock() {
        if (waiting && !top.rst &&
            (!top.m_axis_tvalid || top.m_axis_tdata != waiting_data || top.m_axis_tkeep != waiting_keep ||
             top.m_axis_tlast != waiting_last)) {
            rules_broken++;
        }
        waiting = top.m_axis_tvalid && !top.m_axis_tready && !top.rst;
        waiting_data = top.m_axis_tdata;
        waiting_keep = top.m_axis_tkeep;
        waiting_last = top.m_axis_tlast;
        top.clk = 1;
        top.eval();
        top.clk = 0;
        top.eval();
        clocks++;
    }
};

uint32_t stir(uint32_t x) {
    x ^= x << 13;
    x ^= x >> 17;
    return x ^ (x << 5);
}

}  // namespace

extern "C" {

void* formatter_new(uint32_t mutant) {
    auto model = std::make_unique<Model>();
#ifdef MUTANTS
    model->top.mutsel = mutant;
#else
    (void)mutant;
#endif
    model->top.clk = 0;
    model->top.rst = 1;
    model->top.eval();
    for (int i = 0; i < 8; i++) model->clock();
    model->top.rst = 0;
    model->top.eval();
    return model.release();
}

void formatter_free(void* handle) {
    std::unique_ptr<Model> model(static_cast<Model*>(handle));
    model->top.final();
}

// Holds reset for so many clocks; what is on the record port stays there, as it may on a board.
void formatter_reset(void* handle, uint32_t clocks) {
    auto& m = *static_cast<Model*>(handle);
    m.top.rst = 1;
    for (uint32_t i = 0; i < clocks; i++) m.clock();
    m.top.rst = 0;
    m.top.s_axis_tvalid = 0;
    m.top.eval();
}

// A beat that the call before left offered is the first of this one.
void formatter_run(void* handle, formatter_batch* b) {
    auto& m = *static_cast<Model*>(handle);
    auto& t = m.top;
    uint32_t dice = b->seed;
    uint64_t silence = 0, start = m.clocks, broken = m.rules_broken;
    b->beats_taken = b->octets_used = b->blocks = b->first_in = b->last_in = b->first_out = 0;
    while (silence < b->drain_clocks && m.clocks - start < b->most_clocks) {
        dice = stir(dice);
        if (!t.s_axis_tvalid && b->beats_taken < b->beats && (dice & 0xFF) >= b->pause_in) {
            t.s_axis_tdata = b->words[b->beats_taken];
            t.s_axis_tkeep = static_cast<uint8_t>(b->controls[b->beats_taken]);
            t.s_axis_tlast = b->controls[b->beats_taken] >> 8 & 1;
            t.s_axis_tvalid = 1;
        }
        t.m_axis_tready = (dice >> 8 & 0xFF) >= b->pause_out;
        t.eval();
        const uint64_t now = m.clocks - start;
        const bool in = t.s_axis_tvalid && t.s_axis_tready;
        silence = b->beats_taken < b->beats || t.m_axis_tvalid ? 0 : silence + 1;
        if (t.m_axis_tvalid && t.m_axis_tready) {
            const uint64_t word = t.m_axis_tdata;
            if (b->octets_used + 8 <= b->octets_room) memcpy(b->octets + b->octets_used, &word, 8);
            b->octets_used += static_cast<uint64_t>(__builtin_popcount(t.m_axis_tkeep));
            if (b->first_out == 0) b->first_out = now;
            if (t.m_axis_tlast) {
                if (b->blocks < b->blocks_room) {
                    b->ends[b->blocks] = b->octets_used;
                    b->end_clocks[b->blocks] = now;
                }
                b->blocks++;
            }
        }
        m.clock();
        if (in) {
            if (b->first_in == 0) b->first_in = now;
            b->last_in = now;
            b->beats_taken++;
            t.s_axis_tvalid = 0;
        }
    }
    b->clocks = m.clocks - start;
    b->rules_broken = m.rules_broken - broken;
    b->offered = t.m_axis_tvalid;
}

// AXI4-Lite: the response (0 OKAY, 2 SLVERR), or -1 when none comes or it does not wait for its `delay` clocks.
// `lag` clocks lie between address and data. No beat is taken meanwhile.
int formatter_write(void* handle, uint32_t address, uint32_t value, uint32_t strobe, int lag, int delay) {
    auto& m = *static_cast<Model*>(handle);
    auto& t = m.top;
    bool address_done = false, data_done = false;
    t.s_axil_awaddr = static_cast<std::remove_reference_t<decltype(t.s_axil_awaddr)>>(address);
    t.s_axil_wdata = value;
    t.s_axil_wstrb = static_cast<uint8_t>(strobe);
    t.s_axil_bready = 0;
    t.m_axis_tready = 0;
    for (uint64_t i = 0; i < BUS_PATIENCE; i++) {
        t.s_axil_awvalid = !address_done && static_cast<int>(i) >= lag;
        t.s_axil_wvalid = !data_done && static_cast<int>(i) >= -lag;
        t.eval();
        const bool a = t.s_axil_awvalid && t.s_axil_awready, d = t.s_axil_wvalid && t.s_axil_wready;
        const bool answered = t.s_axil_bvalid;
        const int response = t.s_axil_bresp;
        t.s_axil_bready = answered && delay == 0;
        m.clock();
        address_done |= a;
        data_done |= d;
        if (answered && delay-- > 0) {
            t.eval();
            if (!t.s_axil_bvalid || t.s_axil_bresp != response) return HUNG;
        } else if (answered) {
            t.s_axil_awvalid = t.s_axil_wvalid = t.s_axil_bready = 0;
            t.eval();
            return address_done && data_done && !t.s_axil_bvalid ? response : HUNG;
        }
    }
    t.s_axil_awvalid = t.s_axil_wvalid = 0;
    return HUNG;
}

int formatter_read(void* handle, uint32_t address, uint32_t* value, int delay) {
    auto& m = *static_cast<Model*>(handle);
    auto& t = m.top;
    bool taken = false;
    t.s_axil_araddr = static_cast<std::remove_reference_t<decltype(t.s_axil_araddr)>>(address);
    t.s_axil_rready = 0;
    t.m_axis_tready = 0;
    for (uint64_t i = 0; i < BUS_PATIENCE; i++) {
        t.s_axil_arvalid = !taken;
        t.eval();
        const bool a = t.s_axil_arvalid && t.s_axil_arready, answered = t.s_axil_rvalid;
        const int response = t.s_axil_rresp;
        *value = t.s_axil_rdata;
        t.s_axil_rready = answered && delay == 0;
        m.clock();
        taken |= a;
        if (answered && delay-- > 0) {
            t.eval();
            if (!t.s_axil_rvalid || t.s_axil_rdata != *value || t.s_axil_rresp != response) return HUNG;
        } else if (answered) {
            t.s_axil_rready = 0;
            t.s_axil_arvalid = 0;
            t.eval();
            return taken && !t.s_axil_rvalid ? response : HUNG;
        }
    }
    t.s_axil_arvalid = 0;
    return HUNG;
}

// `n` writes and then `n` reads offered without a pause, answers taken as they come or, with `slow`, every fourth clock.
// Returns how many answers came; responses and values in order.
int formatter_stream(void* handle, const uint32_t* addresses, const uint32_t* values, int n, int slow, uint8_t* responses,
                     uint32_t* read_back) {
    auto& m = *static_cast<Model*>(handle);
    auto& t = m.top;
    int a = 0, d = 0, r = 0, answers = 0, reads = 0;
    for (uint64_t i = 0; i < BUS_PATIENCE * static_cast<uint64_t>(2 * n + 1); i++) {
        const bool writing = answers < n;
        t.s_axil_awvalid = a < n;
        t.s_axil_wvalid = d < n;
        t.s_axil_arvalid = !writing && r < n;
        t.s_axil_wstrb = 15;
        if (a < n) t.s_axil_awaddr = static_cast<std::remove_reference_t<decltype(t.s_axil_awaddr)>>(addresses[a]);
        if (d < n) t.s_axil_wdata = values[d];
        if (r < n) t.s_axil_araddr = static_cast<std::remove_reference_t<decltype(t.s_axil_araddr)>>(addresses[r]);
        t.s_axil_bready = t.s_axil_rready = !slow || i % 4 == 0;
        t.eval();
        const bool aw = t.s_axil_awvalid && t.s_axil_awready, w = t.s_axil_wvalid && t.s_axil_wready;
        const bool ar = t.s_axil_arvalid && t.s_axil_arready;
        if (t.s_axil_bvalid && t.s_axil_bready && answers < n) responses[answers++] = t.s_axil_bresp;
        else if (t.s_axil_bvalid && t.s_axil_bready) return HUNG;
        if (t.s_axil_rvalid && t.s_axil_rready && reads < n) {
            responses[n + reads] = t.s_axil_rresp;
            read_back[reads++] = t.s_axil_rdata;
        }
        m.clock();
        a += aw;
        d += w;
        r += ar;
    }
    t.s_axil_awvalid = t.s_axil_wvalid = t.s_axil_arvalid = t.s_axil_bready = t.s_axil_rready = 0;
    t.eval();
    return answers + reads;
}

#if VM_COVERAGE
void formatter_coverage(void* handle, const char* path) { static_cast<Model*>(handle)->context.coveragep()->write(path); }
#endif

uint64_t formatter_clocks(void* handle) { return static_cast<Model*>(handle)->clocks; }
}
