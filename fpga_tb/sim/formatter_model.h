// SPDX-License-Identifier: GPL-2.0-or-later
// C interface to a Verilated formatter; see formatter_model.cpp.
#ifndef FORMATTER_MODEL_H
#define FORMATTER_MODEL_H

#include <cstdint>

extern "C" {

// What goes through in one call, and what came of it.
struct formatter_batch {
    const uint64_t* words;     // octet 0 in the lowest octet
    const uint16_t* controls;  // bit 8 last, bits 7:0 keep
    uint64_t beats;
    uint32_t pause_in, pause_out;  // odds in 256 of a paused clock
    uint32_t seed;                 // not 0
    uint64_t drain_clocks;         // silence that ends the call
    uint64_t most_clocks;          // ends it in any case
    uint8_t* octets;
    uint64_t octets_room;
    uint64_t* ends;  // octets so far, at the end of each block
    uint64_t* end_clocks;
    uint64_t blocks_room;
    // out; clocks are counted from the call
    uint64_t beats_taken, octets_used, blocks, first_in, last_in, first_out, clocks, rules_broken;
    uint64_t offered;  // at the end a beat waits for ready
};

void* formatter_new(uint32_t mutant);
void formatter_free(void* handle);
void formatter_reset(void* handle, uint32_t clocks);
void formatter_run(void* handle, formatter_batch* batch);
int formatter_write(void* handle, uint32_t address, uint32_t value, uint32_t strobe, int lag, int delay);
int formatter_read(void* handle, uint32_t address, uint32_t* value, int delay);
int formatter_stream(void* handle, const uint32_t* addresses, const uint32_t* values, int n, int slow, uint8_t* responses,
                     uint32_t* read_back);
uint64_t formatter_clocks(void* handle);
}

#endif
