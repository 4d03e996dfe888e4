// SPDX-License-Identifier: GPL-2.0-or-later
// axis_skid: payload holds until ready; every beat leaves once, in order (beats carry sequence numbers); at most two wait.
`default_nettype none

module skid_proof (
    input wire logic clk,
    input wire logic s_valid,
    input wire logic m_ready
);
    logic       rst = 1'b1;
    logic [3:0] sent = '0, received = '0;
    logic       s_ready, m_valid;
    logic [3:0] m_payload;

    always_ff @(posedge clk) rst <= 1'b0;

    axis_skid #(.W(4)) dut (.clk, .rst, .s_valid, .s_ready, .s_payload(sent), .m_valid, .m_ready, .m_payload);
    axis_rules #(.W(4)) rules (.clk, .rst, .valid(m_valid), .ready(m_ready), .payload(m_payload));

    wire [3:0] waiting = sent - received;

    always_ff @(posedge clk)
        if (rst) {sent, received} <= '0;
        else begin
            if (s_valid && s_ready) sent <= sent + 4'd1;
            if (m_valid && m_ready) received <= received + 4'd1;
        end

    always_ff @(posedge clk)
        if (!rst) begin
            assert (waiting == {3'd0, m_valid} + {3'd0, !s_ready});
            if (m_valid) assert (m_payload == received);
            if (!s_ready) assert (m_valid);
`ifdef COVER
            assert (!(!s_ready && m_ready));
`endif
        end
endmodule

`default_nettype wire
