// SPDX-License-Identifier: GPL-2.0-or-later
// The two queues between a batch in Python's memory (ctypes, same process) and the Verilated batch_bench (DPI).
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace {
const uint64_t* beats;      // octet 0 in the lowest octet
const uint16_t* controls;   // bit 8 last, bits 7:0 keep
size_t left, room, used, blocks, blocks_room;
uint8_t* octets;
uint64_t* ends;             // octets so far, at the end of each block
}  // namespace

extern "C" {

void batch_load(const uint64_t* data, const uint16_t* control, size_t n, uint8_t* out, size_t out_octets, uint64_t* out_ends,
                size_t out_blocks) {
    beats = data;
    controls = control;
    left = n;
    octets = out;
    room = out_octets;
    ends = out_ends;
    blocks_room = out_blocks;
    used = blocks = 0;
}

size_t batch_octets() { return used; }
size_t batch_blocks() { return blocks; }

int batch_next(unsigned long long* data, int* control) {
    if (left == 0) return 0;
    left--;
    *data = *beats++;
    *control = *controls++;
    return 1;
}

// Octets beyond the room are counted, not stored: the reader sees that something is wrong.
void batch_put(unsigned long long data, int control) {
    size_t n = static_cast<size_t>(__builtin_popcount(control & 0xFF));
    uint64_t little = data;
    if (used + 8 <= room) memcpy(octets + used, &little, 8);
    used += n;
    if (control & 0x100) {
        if (blocks < blocks_room) ends[blocks] = used;
        blocks++;
    }
}
}
