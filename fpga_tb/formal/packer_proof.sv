// SPDX-License-Identifier: GPL-2.0-or-later
// octet_packer: every octet that goes in comes out once, in order, behind three free octets at each block's head and with
// zeros behind its last; LEN is the number of octets sent. All octets are 0 but one, freely chosen, which is 1.
`default_nettype none

module packer_proof (
    input wire logic       clk,
    input wire logic       valid,
    input wire logic       start,
    input wire logic       close_request,
    input wire logic [3:0] first_wish,
    input wire logic [2:0] second_wish,
    input wire logic [6:0] watched_wish
);
    logic             rst = 1'b1;
    logic             a_valid, b_valid, close;
    logic [63:0]      a_beat, b_beat;
    logic [LEN_W-1:0] close_len;

    always_ff @(posedge clk) rst <= 1'b0;

    // what item_slots may send
    logic       open = 1'b0;
    logic [6:0] fed = 7'd1;       // number of the next octet
    logic [6:0] watched;          // free, then constant
    wire        in_start = valid && (start || !open);
    wire        in_close = valid && open && (in_start || close_request);
    wire        close_only = in_close && !in_start;
    wire [3:0]  first_octets = close_only ? 4'd0 : in_start ? 4'd2 + {2'd0, first_wish[1] && first_wish[0], first_wish[1] ^ first_wish[0]} : first_wish;
    wire [2:0]  second_octets = close_only || first_octets == 4'd8 ? 3'd0 : in_start ? 3'd6 : second_wish;

    always_ff @(posedge clk) begin
        assume (first_wish == 4'd0 || first_wish == 4'd2 || first_wish == 4'd3 || first_wish == 4'd4 || first_wish == 4'd6 || first_wish == 4'd8);
        assume ({1'b0, first_octets} + {2'd0, second_octets} <= 5'd10);
        if (rst) watched <= watched_wish;
        if (rst) open <= 1'b0;
        else if (valid) open <= !close_only;
        if (!rst && valid) fed <= fed + {3'd0, first_octets} + {4'd0, second_octets};
    end

    logic [63:0] first;
    logic [55:0] second;
    always_comb begin
        for (int i = 0; i < 8; i++) first[63 - 8 * i -: 8] = i < first_octets ? {7'd0, fed + 7'(i) == watched} : 8'd0;
        for (int i = 0; i < 7; i++) second[55 - 8 * i -: 8] = i < second_octets ? {7'd0, fed + {3'd0, first_octets} + 7'(i) == watched} : 8'd0;
    end

    octet_packer dut (
        .clk, .rst, .in_valid(valid && !rst), .in_start(in_start && !rst), .in_close(in_close && !rst), .first, .first_octets,
        .second, .second_octets, .a_valid, .a_beat, .b_valid, .b_beat, .close, .close_len
    );

    // what came out: a finishes the old block when it is closed, b then begins the new one
    logic [6:0]       seen = 7'd1;       // number of the next octet expected
    logic             head = 1'b1;       // the next beat begins a block
    logic [LEN_W-1:0] sent = '0;         // octets of full beats of this block, the head's free ones too
    wire  [2:0]       tail = close_len[2:0];
    wire  [6:0]       in_a = !a_valid ? 7'd0 : close ? {4'd0, tail} : head ? 7'd5 : 7'd8;
    wire              b_head = close || (head && !a_valid);

    function automatic logic right(input logic [63:0] beat, input logic [6:0] number, input logic [3:0] skip, input logic [3:0] stop);
        right = 1'b1;
        for (int i = 0; i < 8; i++)
            if (i < skip || i >= stop) right = right && beat[63 - 8 * i -: 8] == 8'd0;
            else right = right && beat[63 - 8 * i -: 8] == {7'd0, number + 7'(i) - {3'd0, skip} == watched};
    endfunction

    always_ff @(posedge clk)
        if (rst) begin
            seen <= 7'd1;
            head <= 1'b1;
            sent <= '0;
        end else begin
            seen <= seen + in_a + (!b_valid ? 7'd0 : b_head ? 7'd5 : 7'd8);
            head <= b_valid ? 1'b0 : close || (head && !a_valid);
            if (close) sent <= b_valid ? LEN_W'(8) : '0;
            else sent <= sent + (a_valid ? LEN_W'(8) : '0) + (b_valid ? LEN_W'(8) : '0);
        end

    always_ff @(posedge clk)
        if (!rst) begin
`ifndef LENGTHS
            if (a_valid) assert (right(a_beat, seen, head ? 4'd3 : 4'd0, close ? {1'b0, tail} : 4'd8));
            if (b_valid) assert (right(b_beat, seen + in_a, b_head ? 4'd3 : 4'd0, 4'd8));
`endif
            if (close) assert (close_len == sent + {{LEN_W - 3{1'b0}}, tail} && a_valid == (tail != 3'd0) && !head);
            if (!a_valid && b_valid) assert (close);
`ifdef COVER
            assert (!(a_valid && b_valid && !close));
`endif
        end
endmodule

`default_nettype wire
