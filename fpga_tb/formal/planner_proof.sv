// SPDX-License-Identifier: GPL-2.0-or-later
// block_planner: every record taken walks its seven slots once, in order; a block never passes the MTU and is closed by it
// only when the next record would not fit; a record is taken within eight clocks of room; a block is closed in time.
`default_nettype none

module planner_proof (
    input wire logic       clk,
    input wire logic       store_roomy,
    input wire logic       offer,
    input wire logic [5:0] octets_of_next,
    input wire logic [LEN_W-1:0] mtu_wish,
    input wire logic [3:0] flush_wish
);
    logic [LEN_W-1:0] mtu_octets;    // free, then constant
    logic [3:0]       flush_clocks;

    logic       rst = 1'b1;
    logic       rec_ready, slot_valid, slot_start, slot_close, closed_by_mtu, closed_by_timer;
    logic [2:0] slot;
    logic       rec_valid = 1'b0;
    logic [5:0] rec_octets;
    logic [2:0] settled = 3'd0;     // clocks since rec_octets changed

    always_ff @(posedge clk) rst <= 1'b0;

    block_planner dut (
        .clk, .rst, .mtu_octets, .flush_clocks({28'd0, flush_clocks}), .store_roomy, .rec_valid, .rec_octets, .rec_ready,
        .slot_valid, .slot, .slot_start, .slot_close, .closed_by_mtu, .closed_by_timer
    );

    wire taken = rec_valid && rec_ready;

    // the gate: lengths settle two clocks before the offer, an offer stands until it is taken
    always_ff @(posedge clk) begin
        assume (mtu_wish >= LEN_W'(MTU_MIN) && mtu_wish < LEN_W'(7681));
        if (rst) {mtu_octets, flush_clocks} <= {mtu_wish, flush_wish};
        assume (octets_of_next >= 6'd11 && octets_of_next <= 6'd58);
        if (rst || taken) begin
            rec_valid  <= 1'b0;
            rec_octets <= octets_of_next;
            settled    <= 3'd0;
        end else begin
            if (settled != 3'd6) settled <= settled + 3'd1;
            if (settled == 3'd6 && offer) rec_valid <= 1'b1;
        end
    end

    // ghosts
    logic             open = 1'b0;   // a block has slots and no close yet
    logic [LEN_W-1:0] filled = '0;   // octets of the open block
    logic [5:0]       octets_taken;
    logic [4:0]       age = 5'd0;    // clocks since the open block's first record was taken, stops at 31
    logic [3:0]       waited = 4'd0;
    logic             was_taken = 1'b0, was_first = 1'b0;
    logic [2:0]       was_slot = 3'd7;

    always_ff @(posedge clk) begin
        was_taken <= !rst && taken;
        if (taken) octets_taken <= rec_octets;
        was_slot  <= rst ? 3'd7 : slot;
        waited    <= !rst && rec_valid && !rec_ready && store_roomy ? waited + 4'd1 : 4'd0;
        if (rst) begin
            open   <= 1'b0;
            filled <= '0;
        end else if (slot == 3'd0) begin
            open   <= 1'b1;
            filled <= (slot_start ? LEN_W'(BLOCK_HEADER_OCTETS) : filled) + octets_taken;
        end else if (slot_close) open <= 1'b0;
        if (!rst && slot == 3'd0 && slot_start) age <= 5'd1;
        else if (open && age != 5'd31) age <= age + 5'd1;
    end

    always_ff @(posedge clk)
        if (!rst) begin
            // slots
            assert (slot_valid == (slot != 3'd7 || slot_close));
            assert ((slot == 3'd0) == was_taken);
            if (was_slot < 3'd6) assert (slot == was_slot + 3'd1);
            if (slot != 3'd0 && slot != 3'd7) assert (was_slot == slot - 3'd1);
            if (slot == 3'd7) assert (!slot_start);
            if (slot_close || slot_start) assert (slot == 3'd0 || slot == 3'd7);
            // blocks
            if (slot_close) assert (open);
            if (slot == 3'd0) assert (slot_start == (!open || slot_close));
            if (slot_close) assert (closed_by_mtu != closed_by_timer); else assert (!closed_by_mtu && !closed_by_timer);
            if (open) assert (filled <= mtu_octets && filled >= LEN_W'(14));
            if (slot == 3'd0 && !slot_start) assert (filled + octets_taken <= mtu_octets);
            if (closed_by_mtu) assert (filled + octets_taken > mtu_octets);
            // time
            if (closed_by_timer) assert (age >= {1'b0, flush_clocks});
            if (open && !slot_close) assert (age <= {1'b0, flush_clocks} + 5'd8);
            assert (waited <= 4'd8);
`ifdef COVER
            assert (!closed_by_mtu);
`endif
        end
endmodule

`default_nettype wire
