// SPDX-License-Identifier: GPL-2.0-or-later
// record_gate against a second statement of the same rules: a packet is offered whole, or dropped with one pulse of its
// cause; what is offered is what came in (any beat, chosen freely); its CAT062 length is right when it is offered.
`default_nettype none

module gate_proof (
    input wire logic        clk,
    input wire logic        in_valid,
    input wire logic [63:0] in_data,
    input wire logic [7:0]  in_keep,
    input wire logic        in_last,
    input wire logic        rec_ready,
    input wire logic [2:0]  watched_wish
);
    logic          rst = 1'b1;
    logic          in_ready, rec_valid, third_octet, fourth_octet, bad_length, bad_layout, bad_time;
    track_record_t rec;
    logic [1:0]    status_extents;
    logic [5:0]    rec_octets;

    always_ff @(posedge clk) rst <= 1'b0;

    record_gate dut (
        .clk, .rst, .in_valid, .in_ready, .in_data, .in_keep, .in_last, .rec_valid, .rec_ready, .rec, .status_extents,
        .third_octet, .fourth_octet, .rec_octets, .bad_length, .bad_layout, .bad_time
    );

    // the same rules, said on the whole packet
    logic [2:0]   watched;          // free, then constant
    logic [3:0]   beats = 4'd0;     // of this packet so far, stops at 15
    logic         all_kept = 1'b1;
    logic [447:0] packet = '0;
    logic [63:0]  watched_beat;
    logic         was_end = 1'b0, was_good, was_length, was_layout;

    wire accepted = in_valid && in_ready;
    wire [447:0] packet_now = {packet[383:0], in_data};
    wire length_right = beats == 4'd6 && all_kept && in_keep == 8'hFF;
    wire layout_right = packet_now[436:432] == 5'd0 && packet_now[415:408] == 8'd1
        && (packet_now[223:192] & 32'h0101_0101) == 32'd0 && packet_now[191:184] == 8'd0
        && packet_now[79:64] == 16'd0 && packet_now[7:0] == 8'd0;
    wire time_right = packet_now[407:384] < 24'd11_059_200;

    always_ff @(posedge clk) begin
        was_end    <= !rst && accepted && in_last;
        was_good   <= length_right && layout_right && time_right;
        was_length <= length_right;
        was_layout <= layout_right;
        if (rst) begin
            beats <= 4'd0;
            all_kept <= 1'b1;
        end else if (accepted) begin
            beats    <= in_last ? 4'd0 : beats == 4'd15 ? 4'd15 : beats + 4'd1;
            all_kept <= in_last || (all_kept && in_keep == 8'hFF);
            packet   <= packet_now;
            if (beats == {1'b0, watched}) watched_beat <= in_data;
        end
    end

    // the environment: upstream holds what is not taken
    logic        held = 1'b0;
    logic [72:0] held_beat;
    always_ff @(posedge clk) begin
        held      <= !rst && in_valid && !in_ready;
        held_beat <= {in_data, in_keep, in_last};
        if (held) assume (in_valid && {in_data, in_keep, in_last} == held_beat);
        if (rst) watched <= watched_wish;
        assume (watched_wish < 3'd7);
    end

    logic was_waiting = 1'b0;
    logic [63:0] was_rec;
    wire [447:0] rec_bits = rec;
    wire [63:0]  rec_watched = rec_bits[64 * (6 - watched) +: 64];
    wire [5:0] octets = 6'd11 + (rec.has.i105 ? 6'd8 : 6'd0) + (rec.has.i100 ? 6'd6 : 6'd0) + (rec.has.i185 ? 6'd4 : 6'd0)
        + (rec.has.i060 ? 6'd2 : 6'd0) + (rec.has.i245 ? 6'd7 : 6'd0) + (rec.has.adr ? 6'd4 : 6'd0)
        + (rec.has.i136 ? 6'd2 : 6'd0) + (rec.has.i130 ? 6'd2 : 6'd0) + (rec.has.i220 ? 6'd2 : 6'd0)
        + (rec.has.sid || rec.has.hei ? 6'd1 : 6'd0) + (rec.has.sid ? 6'd2 : 6'd0) + (rec.has.hei ? 6'd2 : 6'd0)
        + (rec.has.sid || rec.has.hei ? 6'd2 : rec.has.i136 || rec.has.i130 || rec.has.i220 ? 6'd1 : 6'd0)
        + (rec.status[7:1] != 0 ? 6'd3 : rec.status[15:9] != 0 ? 6'd2 : rec.status[23:17] != 0 ? 6'd1 : 6'd0);

    always_ff @(posedge clk) begin
        was_waiting <= !rst && rec_valid && !rec_ready;
        was_rec     <= rec_watched;
        if (!rst) begin
            if (was_end) begin
                assert (rec_valid == was_good);
                assert (bad_length == !was_length);
                assert (bad_layout == (was_length && !was_layout));
                assert (bad_time == (was_length && was_layout && !was_good));
            end else begin
                assert (!bad_length && !bad_layout && !bad_time);
                assert (rec_valid == was_waiting);
            end
            if (was_waiting) assert (rec_watched == was_rec);
            if (rec_valid && was_end) assert (rec_watched == watched_beat);
            if (rec_valid) assert (rec_octets == octets);
            if (rec_valid) assert (in_ready == rec_ready); else assert (in_ready);
`ifdef COVER
            assert (!(rec_valid && rec_ready && in_valid));
`endif
        end
    end
endmodule

`default_nettype wire
