// SPDX-License-Identifier: GPL-2.0-or-later
// Two-deep AXI4-Stream register slice: every output is a flip-flop in both directions, one beat per clock.
`default_nettype none

module axis_skid #(
    parameter int W = 73
) (
    input  wire logic         clk,
    input  wire logic         rst,
    input  wire logic         s_valid,
    output      logic         s_ready,
    input  wire logic [W-1:0] s_payload,
    output      logic         m_valid,
    input  wire logic         m_ready,
    output      logic [W-1:0] m_payload
);
    logic [W-1:0] spare;  // holds the beat that came while the output was blocked: exactly when s_ready is 0

    wire move = !m_valid || m_ready;

    always_ff @(posedge clk) begin
        if (rst) begin
            m_valid <= 1'b0;
            s_ready <= 1'b1;
        end else begin
            if (move) begin
                m_valid <= s_valid || !s_ready;
                s_ready <= 1'b1;
            end else if (s_valid) begin
                s_ready <= 1'b0;
            end
        end
    end

    always_ff @(posedge clk) begin
        if (move) m_payload <= s_ready ? s_payload : spare;
        if (s_ready) spare <= s_payload;
    end
endmodule

`default_nettype wire
