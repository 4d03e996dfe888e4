"""A user's own formatter: other ports, record layout and octet order, reset low, no registers; the same benches run on it."""

from __future__ import annotations

import re
from pathlib import Path

from fpga_tb.tb import formatter_file, simulators, volume
from fpga_tb.tb.formatter_file import SHIPPED
from fpga_tb.tb.simulators import Run

FOREIGN = """
module track_to_asterix (
    input wire logic ck, input wire logic resetn,
    input wire logic [63:0] rx_d, input wire logic rx_v, output logic rx_r, input wire logic rx_l,
    output logic [63:0] tx_d, output logic [7:0] tx_k, output logic tx_v, input wire logic tx_r, output logic tx_l
);
    wire [63:0] in_high, out_high;
    logic [63:0] shipped;  // the record as the inner formatter reads it: validity bits turned round, Mode 3/A behind X and Y
    logic [2:0] at;
    always_ff @(posedge ck)
        if (!resetn) at <= 3'd0;
        else if (rx_v && rx_r) at <= rx_l || at == 3'd7 ? 3'd0 : at + 3'd1;
    always_comb begin
        shipped = in_high;
        if (at == 3'd0) for (int i = 0; i < 11; i++) shipped[53 + i] = in_high[63 - i];
        if (at == 3'd2) shipped = {in_high[47:0], in_high[63:48]};
    end
    wire [7:0] keep_high;
    for (genvar i = 0; i < 8; i++) begin : octet
        assign in_high[8 * i +: 8] = rx_d[8 * (7 - i) +: 8];
        assign tx_d[8 * i +: 8] = out_high[8 * (7 - i) +: 8];
        assign tx_k[i] = keep_high[7 - i];
    end
    cat062_formatter #(.FLUSH_CLOCKS_RESET(32'd3000)) inner (
        .clk(ck), .rst(!resetn), .s_axis_tdata(shipped), .s_axis_tkeep(8'hFF), .s_axis_tvalid(rx_v), .s_axis_tready(rx_r),
        .s_axis_tlast(rx_l), .m_axis_tdata(out_high), .m_axis_tkeep(keep_high), .m_axis_tvalid(tx_v), .m_axis_tready(tx_r),
        .m_axis_tlast(tx_l), .s_axil_awaddr(8'd0), .s_axil_awprot(3'd0), .s_axil_awvalid(1'b0), .s_axil_awready(),
        .s_axil_wdata(32'd0), .s_axil_wstrb(4'd0), .s_axil_wvalid(1'b0), .s_axil_wready(), .s_axil_bresp(), .s_axil_bvalid(),
        .s_axil_bready(1'b1), .s_axil_araddr(8'd0), .s_axil_arprot(3'd0), .s_axil_arvalid(1'b0), .s_axil_arready(),
        .s_axil_rdata(), .s_axil_rresp(), .s_axil_rvalid(), .s_axil_rready(1'b1)
    );
endmodule
"""

NAMES = {
    'name = "shipped"': 'name = "foreign"',
    'top = "cat062_formatter"': 'top = "track_to_asterix"',
    '    "fpga_tb/rtl/cat062_formatter.sv",\n': '    "fpga_tb/rtl/cat062_formatter.sv",\n    "foreign.sv",\n',
    'port = "clk"': 'port = "ck"',
    'port = "rst"': 'port = "resetn"',
    'active = "high"': 'active = "low"',
    'octet_0 = "high"': 'octet_0 = "low"',
    '"s_axis_tdata"': '"rx_d"',
    '"s_axis_tkeep"': '""',
    '"s_axis_tvalid"': '"rx_v"',
    '"s_axis_tready"': '"rx_r"',
    '"s_axis_tlast"': '"rx_l"',
    '"m_axis_tdata"': '"tx_d"',
    '"m_axis_tkeep"': '"tx_k"',
    '"m_axis_tvalid"': '"tx_v"',
    '"m_axis_tready"': '"tx_r"',
    '"m_axis_tlast"': '"tx_l"',
    "flush_clocks = 781250": "flush_clocks = 3000",
    "x = 16\ny = 19\nmode_3a = 22\n": "x = 18\ny = 21\nmode_3a = 16\n",
}


def test_the_same_benches_run_on_a_formatter_with_other_ports(simulator: str, seed: int, tmp_path: Path) -> None:
    text = SHIPPED.read_text()
    registers = text[text.index("[registers]") : text.index("[record]")]
    text = text.replace(registers, "")
    for old, new in NAMES.items():
        assert old in text
        text = text.replace(old, new)
    validity = text[text.index("[record.validity]") : text.index("[record.at]")]
    turned = re.sub(r"= (\d+)", lambda bit: f"= {20 - int(bit.group(1))}", validity)
    text = text.replace(validity, turned)
    path = tmp_path / "foreign.toml"
    path.write_text(text)
    (tmp_path / "foreign.sv").write_text(FOREIGN)
    formatter = formatter_file.load(path)
    tests = ("blocks_equal_the_reference_under_any_pauses", "no_block_leaves_without_a_record")
    run = Run("fpga_tb.tb.bench_protocol", seed, {"FORMATTER": str(path)}, tests)
    simulators.simulate(simulators.build(formatter, simulator), run, tmp_path / "protocol")
    assert volume.run(formatter, path, simulator, seed, 2000, tmp_path / "volume")["mismatches"] == 0
