// SPDX-License-Identifier: GPL-2.0-or-later
// The formatter with its blocks as UDP datagrams in Ethernet frames: same ports as cat062_formatter.
`default_nettype none

module cat062_ethernet #(
    parameter logic [31:0] FLUSH_CLOCKS_RESET = 32'd781_250
) (
    input  wire logic        clk,
    input  wire logic        rst,

    input  wire logic [63:0] s_axis_tdata,
    input  wire logic [7:0]  s_axis_tkeep,
    input  wire logic        s_axis_tvalid,
    output      logic        s_axis_tready,
    input  wire logic        s_axis_tlast,

    output      logic [63:0] m_axis_tdata,
    output      logic [7:0]  m_axis_tkeep,
    output      logic        m_axis_tvalid,
    input  wire logic        m_axis_tready,
    output      logic        m_axis_tlast,

    input  wire logic [7:0]  s_axil_awaddr,
    input  wire logic [2:0]  s_axil_awprot,
    input  wire logic        s_axil_awvalid,
    output      logic        s_axil_awready,
    input  wire logic [31:0] s_axil_wdata,
    input  wire logic [3:0]  s_axil_wstrb,
    input  wire logic        s_axil_wvalid,
    output      logic        s_axil_wready,
    output      logic [1:0]  s_axil_bresp,
    output      logic        s_axil_bvalid,
    input  wire logic        s_axil_bready,
    input  wire logic [7:0]  s_axil_araddr,
    input  wire logic [2:0]  s_axil_arprot,
    input  wire logic        s_axil_arvalid,
    output      logic        s_axil_arready,
    output      logic [31:0] s_axil_rdata,
    output      logic [1:0]  s_axil_rresp,
    output      logic        s_axil_rvalid,
    input  wire logic        s_axil_rready
);
    logic [63:0] block_data, frame_data;
    logic [7:0]  block_keep, frame_keep;
    logic        block_valid, block_ready, block_last, frame_valid, frame_ready, frame_last;

    cat062_formatter #(.MTU_MAX(1472), .FLUSH_CLOCKS_RESET(FLUSH_CLOCKS_RESET)) formatter (
        .clk, .rst, .s_axis_tdata, .s_axis_tkeep, .s_axis_tvalid, .s_axis_tready, .s_axis_tlast,
        .m_axis_tdata(block_data), .m_axis_tkeep(block_keep), .m_axis_tvalid(block_valid), .m_axis_tready(block_ready),
        .m_axis_tlast(block_last),
        .s_axil_awaddr, .s_axil_awprot, .s_axil_awvalid, .s_axil_awready,
        .s_axil_wdata, .s_axil_wstrb, .s_axil_wvalid, .s_axil_wready,
        .s_axil_bresp, .s_axil_bvalid, .s_axil_bready,
        .s_axil_araddr, .s_axil_arprot, .s_axil_arvalid, .s_axil_arready,
        .s_axil_rdata, .s_axil_rresp, .s_axil_rvalid, .s_axil_rready
    );

    udp_wrap wrap (
        .clk, .rst, .in_valid(block_valid), .in_ready(block_ready), .in_data(block_data), .in_keep(block_keep),
        .in_last(block_last), .out_valid(frame_valid), .out_ready(frame_ready), .out_data(frame_data), .out_keep(frame_keep),
        .out_last(frame_last)
    );

    axis_skid #(.W(73)) out_slice (
        .clk, .rst, .s_valid(frame_valid), .s_ready(frame_ready), .s_payload({frame_data, frame_keep, frame_last}),
        .m_valid(m_axis_tvalid), .m_ready(m_axis_tready), .m_payload({m_axis_tdata, m_axis_tkeep, m_axis_tlast})
    );
    axis_rules #(.W(73)) m_axis_rules (
        .clk, .rst, .valid(m_axis_tvalid), .ready(m_axis_tready), .payload({m_axis_tdata, m_axis_tkeep, m_axis_tlast})
    );
endmodule

`default_nettype wire
