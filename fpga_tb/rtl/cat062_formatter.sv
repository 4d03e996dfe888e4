// SPDX-License-Identifier: GPL-2.0-or-later
// Track records in (64-bit AXI4-Stream, seven beats each, docs/icd.md), CAT062 data blocks out (64-bit AXI4-Stream, one
// block a packet, first octet in bits 63:56), registers on AXI4-Lite. One clock, synchronous reset, every output registered.
// Octets are big-endian on the bus: keep bit 7 belongs to bits 63:56.
`default_nettype none

module cat062_formatter
#(
    parameter int BEATS_LOG2 = 10,  // block store: 8 octets each
    parameter int MTU_MAX = (1 << (BEATS_LOG2 + 3)) - 512,  // leaves what is in flight its place
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
    source_t          source;
    logic [LEN_W-1:0] mtu_octets;
    logic [31:0]      flush_clocks;

    logic        in_valid, in_ready, in_last;
    logic [63:0] in_data;
    logic [7:0]  in_keep;

    logic          rec_valid, rec_ready, bad_length, bad_layout, bad_time;
    track_record_t offered, rec;
    logic [1:0]    offered_extents, extents;
    logic          offered_third, third_octet, offered_fourth, fourth_octet;
    logic [5:0]    rec_octets;

    logic       roomy, slot_valid, slot_start, slot_close, closed_by_mtu, closed_by_timer;
    logic [2:0] slot;

    logic        item_valid, item_start, item_close;
    logic [63:0] first;
    logic [3:0]  first_octets;
    logic [55:0] second;
    logic [2:0]  second_octets;

    logic             a_valid, b_valid, close;
    logic [63:0]      a_beat, b_beat;
    logic [LEN_W-1:0] close_len;

    logic        out_valid, out_ready, out_last;
    logic [63:0] out_data;
    logic [7:0]  out_keep;

    axis_rules #(.W(73)) s_axis_rules (
        .clk, .rst, .valid(s_axis_tvalid), .ready(s_axis_tready), .payload({s_axis_tdata, s_axis_tkeep, s_axis_tlast})
    );
    axis_skid #(.W(73)) in_slice (
        .clk, .rst, .s_valid(s_axis_tvalid), .s_ready(s_axis_tready), .s_payload({s_axis_tdata, s_axis_tkeep, s_axis_tlast}),
        .m_valid(in_valid), .m_ready(in_ready), .m_payload({in_data, in_keep, in_last})
    );

    record_gate gate (
        .clk, .rst, .in_valid, .in_ready, .in_data, .in_keep, .in_last,
        .rec_valid, .rec_ready, .rec(offered), .status_extents(offered_extents),
        .third_octet(offered_third), .fourth_octet(offered_fourth), .rec_octets,
        .bad_length, .bad_layout, .bad_time
    );

    block_planner planner (
        .clk, .rst, .mtu_octets, .flush_clocks, .store_roomy(roomy), .rec_valid, .rec_octets, .rec_ready,
        .slot_valid, .slot, .slot_start, .slot_close, .closed_by_mtu, .closed_by_timer
    );

    always_ff @(posedge clk)
        if (rec_ready) begin  // what is copied without being valid is never read
            rec          <= offered;
            extents      <= offered_extents;
            third_octet  <= offered_third;
            fourth_octet <= offered_fourth;
        end

    item_slots items (
        .clk, .rst, .source, .rec, .status_extents(extents), .third_octet, .fourth_octet, .slot_valid, .slot, .slot_start, .slot_close,
        .out_valid(item_valid), .out_start(item_start), .out_close(item_close),
        .first, .first_octets, .second, .second_octets
    );

    octet_packer packer (
        .clk, .rst, .in_valid(item_valid), .in_start(item_start), .in_close(item_close),
        .first, .first_octets, .second, .second_octets, .a_valid, .a_beat, .b_valid, .b_beat, .close, .close_len
    );

    block_store #(.BEATS_LOG2(BEATS_LOG2)) store (
        .clk, .rst, .a_valid, .a_beat, .b_valid, .b_beat, .close, .close_len, .roomy,
        .out_valid, .out_ready, .out_data, .out_keep, .out_last
    );

    axis_skid #(.W(73)) out_slice (
        .clk, .rst, .s_valid(out_valid), .s_ready(out_ready), .s_payload({out_data, out_keep, out_last}),
        .m_valid(m_axis_tvalid), .m_ready(m_axis_tready), .m_payload({m_axis_tdata, m_axis_tkeep, m_axis_tlast})
    );
    axis_rules #(.W(73)) m_axis_rules (
        .clk, .rst, .valid(m_axis_tvalid), .ready(m_axis_tready), .payload({m_axis_tdata, m_axis_tkeep, m_axis_tlast})
    );

    axil_registers #(.MTU_MAX(MTU_MAX), .FLUSH_CLOCKS_RESET(FLUSH_CLOCKS_RESET), .COUNTERS(7)) registers (
        .clk, .rst,
        .s_axil_awaddr, .s_axil_awprot, .s_axil_awvalid, .s_axil_awready,
        .s_axil_wdata, .s_axil_wstrb, .s_axil_wvalid, .s_axil_wready,
        .s_axil_bresp, .s_axil_bvalid, .s_axil_bready,
        .s_axil_araddr, .s_axil_arprot, .s_axil_arvalid, .s_axil_arready,
        .s_axil_rdata, .s_axil_rresp, .s_axil_rvalid, .s_axil_rready,
        .source, .mtu_octets, .flush_clocks,
        .count({closed_by_timer, closed_by_mtu, close, bad_time, bad_layout, bad_length, rec_valid && rec_ready})
    );
endmodule

`default_nettype wire
