// SPDX-License-Identifier: GPL-2.0-or-later
// Puts the formatter, which has more signals than the package has pins, between two shift registers, so that place and
// route sees every port as a register-to-register path. Only for measuring its clock.
`default_nettype none

module few_pins (
    input  wire logic clk,
    input  wire logic serial_in,
    output      logic serial_out
);
    localparam int INS = 131;
    localparam int OUTS = 116;

    logic [INS-1:0]  feed;
    logic [OUTS-1:0] result, caught;

    always_ff @(posedge clk) begin
        feed       <= {feed[INS-2:0], serial_in};
        caught     <= feed[0] ? result : {caught[OUTS-2:0], 1'b0};
        serial_out <= caught[OUTS-1];
    end

    cat062_formatter formatter (
        .clk, .rst(feed[0]),
        .s_axis_tdata(feed[64:1]), .s_axis_tkeep(feed[72:65]), .s_axis_tvalid(feed[73]), .s_axis_tlast(feed[74]),
        .m_axis_tready(feed[75]),
        .s_axil_awaddr(feed[83:76]), .s_axil_awprot(3'd0), .s_axil_awvalid(feed[84]),
        .s_axil_wdata(feed[116:85]), .s_axil_wstrb(feed[120:117]), .s_axil_wvalid(feed[121]), .s_axil_bready(feed[122]),
        .s_axil_araddr({feed[128:123], 2'b00}), .s_axil_arprot(3'd0), .s_axil_arvalid(feed[129]), .s_axil_rready(feed[130]),
        .m_axis_tdata(result[63:0]), .m_axis_tkeep(result[71:64]), .m_axis_tvalid(result[72]), .m_axis_tlast(result[73]),
        .s_axis_tready(result[74]),
        .s_axil_awready(result[75]), .s_axil_wready(result[76]), .s_axil_bresp(result[78:77]), .s_axil_bvalid(result[79]),
        .s_axil_arready(result[80]), .s_axil_rdata(result[112:81]), .s_axil_rresp(result[114:113]),
        .s_axil_rvalid(result[115])
    );
endmodule

`default_nettype wire
