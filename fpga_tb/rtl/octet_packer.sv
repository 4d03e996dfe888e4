// SPDX-License-Identifier: GPL-2.0-or-later
// Joins pieces of 0…10 octets a clock into 64-bit beats without a gap: merge, rotate to where the block stands, cut off
// up to two beats. Nothing here ever waits; three octets stay free at the head of each block for CAT and LEN.
`default_nettype none

module octet_packer
(
    input  wire logic             clk,
    input  wire logic             rst,
    input  wire logic             in_valid,  // what a reset finds under way has none and is forgotten
    input  wire logic             in_start,
    input  wire logic             in_close,
    input  wire logic [63:0]      first,
    input  wire logic [3:0]       first_octets,
    input  wire logic [55:0]      second,
    input  wire logic [2:0]       second_octets,
    output      logic             a_valid,   // up to two beats a clock, a before b
    output      logic [63:0]      a_beat,
    output      logic             b_valid,
    output      logic [63:0]      b_beat,
    output      logic             close,     // with its last beat: the block is complete
    output      logic [LEN_W-1:0] close_len
);
    // 1: merge the two pieces
    logic        m_valid, m_start, m_close;
    logic [79:0] merged;
    logic [3:0]  m_octets;

    always_ff @(posedge clk) begin
        case (first_octets)
            4'd0:    merged <= {second, 24'd0};
            4'd2:    merged <= {first[63:48], second, 8'd0};
            4'd3:    merged <= {first[63:40], second};
            4'd4:    merged <= {first[63:32], second[55:8]};
            4'd6:    merged <= {first[63:16], second[55:24]};
            default: merged <= {first, 16'd0};  // eight octets come alone
        endcase
        m_octets <= first_octets + {1'b0, second_octets};
    end

    // 2: where it goes
    logic        p_valid, p_start, p_close;
    logic [79:0] placed;
    logic [2:0]  position, position_next;
    logic [3:0]  p_octets;

    wire [2:0] position_now = m_start ? 3'(BLOCK_HEADER_OCTETS) : position_next;

    always_ff @(posedge clk) begin
        placed   <= merged;
        position <= position_now;
        p_octets <= m_octets;
        if (rst) position_next <= 3'd0;
        else if (m_valid) position_next <= position_now + m_octets[2:0];
    end

    // 3, 4: rotate, by twos and by one
    logic         e_valid, e_start, e_close, e_odd, w_valid, w_start, w_close;
    logic [127:0] even_turned;
    logic [135:0] window;
    logic [1:0]   e_fill, w_fill;  // beats that are full then
    logic [3:0]   e_octets, w_octets;

    always_ff @(posedge clk) begin
        case (position[2:1])
            2'd0:    even_turned <= {placed, 48'd0};
            2'd1:    even_turned <= {16'd0, placed, 32'd0};
            2'd2:    even_turned <= {32'd0, placed, 16'd0};
            default: even_turned <= {48'd0, placed};
        endcase
        e_odd    <= position[0];
        e_octets <= p_octets;
        e_fill   <= 2'(({2'd0, position} + {1'b0, p_octets}) >> 3);
        window   <= e_odd ? {8'd0, even_turned} : {even_turned, 8'd0};
        w_octets <= e_octets;
        w_fill   <= e_fill;
    end

    always_ff @(posedge clk) begin
        if (rst) begin
            {m_valid, p_valid, e_valid, w_valid} <= 4'd0;
            {m_start, p_start, e_start, w_start} <= 4'd0;
            {m_close, p_close, e_close, w_close} <= 4'd0;
        end else begin
            {m_valid, p_valid, e_valid, w_valid} <= {in_valid, m_valid, p_valid, e_valid};
            {m_start, p_start, e_start, w_start} <= {in_start, m_start, p_start, e_start};
            {m_close, p_close, e_close, w_close} <= {in_close, m_close, p_close, e_close};
        end
    end

    // 5: cut off full beats; a closing slot sends what is left of the block before it
    logic [63:0]      rest;
    logic [LEN_W-1:0] length;

    wire one = w_fill[1:0] != 2'd0;
    wire two = w_fill[1];

    always_ff @(posedge clk) begin
        a_beat <= w_close ? rest : rest | window[135:72];
        b_beat <= w_close ? window[135:72] : window[71:8];
        close_len <= length;
        if (w_valid) begin
            rest <= two ? {window[7:0], 56'd0} : one || w_close ? window[71:8] : rest | window[135:72];
            length <= (w_start ? LEN_W'(BLOCK_HEADER_OCTETS) : length) + {{LEN_W - 4{1'b0}}, w_octets};
        end
        if (rst) begin
            a_valid <= 1'b0;
            b_valid <= 1'b0;
            close   <= 1'b0;
            rest    <= 64'd0;
        end else begin
            a_valid <= w_valid && (w_close ? length[2:0] != 3'd0 : one);
            b_valid <= w_valid && (w_close ? w_start : two);
            close   <= w_valid && w_close;
        end
    end
endmodule

`default_nettype wire
