// SPDX-License-Identifier: GPL-2.0-or-later
// Gathers the seven beats of a track record, judges it, and offers it whole or drops it whole (one pulse per drop, by
// cause). The next record gathers from the clock in which the offered one is taken: no bubble.
`default_nettype none

module record_gate (
    input  wire logic          clk,
    input  wire logic          rst,
    input  wire logic          in_valid,
    output      logic          in_ready,
    input  wire logic [63:0]   in_data,
    input  wire logic [7:0]    in_keep,
    input  wire logic          in_last,
    output      logic          rec_valid,
    input  wire logic          rec_ready,
    output      track_record_t rec,
    output      logic [1:0]    status_extents,  // of I062/080 that go out
    output      logic          third_octet,     // of the FSPEC
    output      logic          fourth_octet,
    output      logic [5:0]    rec_octets,      // of the CAT062 record; stable two clocks before it is offered
    output      logic          bad_length,
    output      logic          bad_layout,
    output      logic          bad_time
);
    localparam logic [9:0] DAY_HIGH = 10'h2A3;  // 24 h = 11 059 200/128 s = 'hA8C000: its upper 10 bits decide

    logic [63:0] beat [0:RECORD_BEATS-1];
    logic [RECORD_BEATS-1:0] expected;  // one-hot: which beat comes next; none: the packet is too long already
    logic        length_bad, layout_bad, late;
    logic [3:1]  extent_said;         // which extents of I062/080 are other than zero

    assign rec = {beat[0], beat[1], beat[2], beat[3], beat[4], beat[5], beat[6]};
    assign status_extents = extent_said[3] ? 2'd3 : extent_said[2] ? 2'd2 : {1'b0, extent_said[1]};
    assign in_ready = !rec_valid || rec_ready;

    wire accept = in_valid && in_ready;
    wire length_wrong = length_bad || in_keep != 8'hFF || !expected[RECORD_BEATS-1];
    wire layout_wrong = layout_bad
        || (expected[0] && (in_data[52:48] != 5'd0 || in_data[31:24] != 8'd1))
        || (expected[3] && (in_data[24] || in_data[16] || in_data[8] || in_data[0]))
        || (expected[4] && in_data[63:56] != 8'd0)
        || (expected[5] && in_data[15:0] != 16'd0)
        || (expected[6] && in_data[7:0] != 8'd0);

    always_ff @(posedge clk) begin
        if (rst) begin
            expected   <= RECORD_BEATS'(1);
            length_bad <= 1'b0;
            layout_bad <= 1'b0;
            rec_valid  <= 1'b0;
            bad_length <= 1'b0;
            bad_layout <= 1'b0;
            bad_time   <= 1'b0;
        end else begin
            if (accept) begin
                expected   <= in_last ? RECORD_BEATS'(1) : expected << 1;
                length_bad <= !in_last && (length_bad || in_keep != 8'hFF);
                layout_bad <= !in_last && layout_wrong;
            end
            if (accept && in_last) rec_valid <= !length_wrong && !layout_wrong && !late;
            else if (rec_ready) rec_valid <= 1'b0;
            bad_length <= accept && in_last && length_wrong;
            bad_layout <= accept && in_last && !length_wrong && layout_wrong;
            bad_time   <= accept && in_last && !length_wrong && !layout_wrong && late;
        end
    end

    always_ff @(posedge clk) begin
        for (int i = 0; i < RECORD_BEATS; i++) if (accept && expected[i]) beat[i] <= in_data;
        if (accept && expected[0]) late <= in_data[23:14] >= DAY_HIGH;
        if (accept && expected[3]) extent_said <= {in_data[7:0] != 8'd0, in_data[15:8] != 8'd0, in_data[23:16] != 8'd0};
    end

    // FSPEC of two octets and the items that are always there make 11; the rest follows the validity bits
    validity_t has;
    assign has = rec.has;
    logic [5:0] early_octets, late_octets, items_octets;

    always_ff @(posedge clk) begin
        fourth_octet <= has.sid || has.hei;
        third_octet  <= has.sid || has.hei || has.i136 || has.i130 || has.i220;
        early_octets <= (has.i105 ? 6'd19 : 6'd11) + (has.i100 ? 6'd6 : 6'd0) + (has.i185 ? 6'd4 : 6'd0)
                      + (has.i060 ? 6'd2 : 6'd0) + (has.i245 ? 6'd7 : 6'd0);
        late_octets  <= (has.adr ? 6'd4 : 6'd0) + (has.i136 ? 6'd2 : 6'd0) + (has.i130 ? 6'd2 : 6'd0)
                      + (has.i220 ? 6'd2 : 6'd0) + (has.sid ? 6'd2 : 6'd0) + (has.hei ? 6'd2 : 6'd0);
        items_octets <= early_octets + late_octets + (fourth_octet ? 6'd3 : third_octet ? 6'd1 : 6'd0);  // 340's first, FSPEC's last
        rec_octets   <= items_octets + {4'd0, status_extents};
    end

    wire unused = &{1'b0, has.reserved};  // judged on the bus
endmodule

`default_nettype wire
