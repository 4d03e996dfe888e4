// SPDX-License-Identifier: GPL-2.0-or-later
// The track record as it lies on the bus (docs/icd.md, "The track record") and the lengths that follow from it.
// Not here: how the items become octets (item_slots) or blocks (block_planner).
`default_nettype none

localparam int RECORD_BEATS = 7;
localparam int BLOCK_HEADER_OCTETS = 3;  // CAT and LEN
localparam int RECORD_OCTETS_MAX = 58;   // FSPEC of 4 and every item
localparam int MTU_MIN = BLOCK_HEADER_OCTETS + RECORD_OCTETS_MAX;
localparam int LEN_W = 13;               // bits of a block's length in octets

typedef struct packed {
    logic i105, i100, i185, i060, i245, adr, i136, i130, i220, sid, hei;
    logic [4:0] reserved;
} validity_t;

typedef struct packed {  // first member = octet 0 = bits 63:56 of the first beat
    validity_t   has;
    logic [15:0] track_number;
    logic [7:0]  version;
    logic [23:0] time_of_track;
    logic [63:0] wgs84;
    logic [47:0] cartesian;
    logic [15:0] mode_3a;
    logic [31:0] velocity;
    logic [31:0] status;  // I062/080: first part and three extents, FX bits 0
    logic [7:0]  spare_32;
    logic [23:0] address;
    logic [15:0] flight_level;
    logic [15:0] altitude;
    logic [15:0] climb;
    logic [15:0] sensor;
    logic [15:0] height;
    logic [15:0] spare_46;
    logic [55:0] identification;
    logic [7:0]  spare_55;
} track_record_t;

typedef struct packed {
    logic [7:0] sac;
    logic [7:0] sic;
    logic [7:0] service;
} source_t;

`default_nettype wire
