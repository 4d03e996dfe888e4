// SPDX-License-Identifier: GPL-2.0-or-later
// Decides which record goes into which block, and when: takes an offered record, walks its seven slots, and closes the
// open block when the next record would pass the MTU or when its flush time is over. It moves no data.
`default_nettype none

module block_planner
(
    input  wire logic             clk,
    input  wire logic             rst,
    input  wire logic [LEN_W-1:0] mtu_octets,
    input  wire logic [31:0]      flush_clocks,
    input  wire logic             store_roomy,  // a whole record and two descriptors fit
    input  wire logic             rec_valid,
    input  wire logic [5:0]       rec_octets,
    output      logic             rec_ready,
    output      logic             slot_valid,
    output      logic [2:0]       slot,         // 0…6: pieces of the record; SLOT_CLOSE_ONLY: none
    output      logic             slot_start,   // the first of a new block
    output      logic             slot_close,   // ends the block before it
    output      logic             closed_by_mtu,
    output      logic             closed_by_timer
);
    localparam logic [2:0] SLOT_BEFORE_LAST = 3'd5;
    localparam logic [2:0] SLOT_CLOSE_ONLY = 3'd7;

    logic             busy;                 // with slots 0…5: the next record may be taken on the seventh
    logic             open;
    logic [LEN_W-1:0] length, length_with;  // of the open block; with the offered record
    logic             over;
    logic [32:0]      timer;                // negative: the open block's time is over

    wire rec_take = rec_valid && rec_ready;
    wire busy_next = rec_take || (busy && slot != SLOT_BEFORE_LAST);
    wire expired = open && timer[32];
    wire close_now = expired && !slot_valid && !rec_take;
    wire close_with = open && (over || timer[32]);

    // two clocks behind length and rec_octets; both have been stable for longer when a record is taken
    always_ff @(posedge clk) begin
        length_with <= length + {{LEN_W - 6{1'b0}}, rec_octets};
        over        <= length_with > mtu_octets;
    end

    always_ff @(posedge clk) begin
        if (rst) begin
            rec_ready       <= 1'b0;
            busy            <= 1'b0;
            slot_valid      <= 1'b0;
            slot            <= SLOT_CLOSE_ONLY;
            slot_start      <= 1'b0;
            slot_close      <= 1'b0;
            closed_by_mtu   <= 1'b0;
            closed_by_timer <= 1'b0;
        end else begin
            rec_ready       <= store_roomy && !busy_next;
            busy            <= busy_next;
            slot_valid      <= rec_take || busy || close_now;
            slot            <= rec_take ? 3'd0 : busy ? slot + 3'd1 : SLOT_CLOSE_ONLY;
            slot_start      <= rec_take && (!open || close_with);
            slot_close      <= close_now || (rec_take && close_with);
            closed_by_mtu   <= rec_take && open && over && !timer[32];
            closed_by_timer <= close_now || (rec_take && expired);
        end
    end

    always_ff @(posedge clk) begin
        if (rst) open <= 1'b0;
        else if (rec_take) open <= 1'b1;
        else if (close_now) open <= 1'b0;

        if (rec_take)
            length <= (!open || close_with ? LEN_W'(BLOCK_HEADER_OCTETS) : length) + {{LEN_W - 6{1'b0}}, rec_octets};

        if (rec_take && (!open || close_with)) timer <= {1'b0, flush_clocks};
        else if (!timer[32]) timer <= timer - 33'd1;
    end
endmodule

`default_nettype wire
