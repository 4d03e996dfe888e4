"""The one face that every bench sees: `formatter_under_test`, written around the user's module by its formatter file.

Canonical ports: clk, rst (high), s_axis_*, m_axis_* (64 bit, octet 0 in bits 7:0 as cocotbext-axi has it), s_axil_*.
"""

from __future__ import annotations

from fpga_tb.tb.formatter_file import Formatter, Stream

TOP = "formatter_under_test"

_AXIL_IN = {
    "awprot": 3,
    "awvalid": 1,
    "wdata": 32,
    "wstrb": 4,
    "wvalid": 1,
    "bready": 1,
    "arprot": 3,
    "arvalid": 1,
    "rready": 1,
}
_AXIL_OUT = {"awready": 1, "wready": 1, "bresp": 2, "bvalid": 1, "arready": 1, "rdata": 32, "rresp": 2, "rvalid": 1}


def wrapper(formatter: Formatter) -> str:
    """SystemVerilog of the wrapper; the module under test is the instance `dut`."""
    address_bits = formatter.registers.address_bits if formatter.registers else 8
    axil_in = {**_AXIL_IN, "awaddr": address_bits, "araddr": address_bits}
    reset = "rst" if formatter.reset.active == "high" else "!rst"
    pins = [f".{formatter.clock.port}(clk)", f".{formatter.reset.port}({reset})"]
    pins += _stream(formatter.records, "s_axis", "records")
    pins += _stream(formatter.blocks, "m_axis", "blocks")
    if formatter.registers:
        pins += [f".{formatter.registers.prefix}{pin}(s_axil_{pin})" for pin in (*axil_in, *_AXIL_OUT)]
        silent = ""
    else:
        silent = "".join(f"    assign s_axil_{pin} = '0;\n" for pin in _AXIL_OUT)
    parameters = ", ".join(f".{name}({value})" for name, value in formatter.parameters.items())
    ports = [
        "input  wire logic        clk",
        "input  wire logic        rst",
        "input  wire logic [63:0] s_axis_tdata",
        "input  wire logic [7:0]  s_axis_tkeep",
        "input  wire logic        s_axis_tvalid",
        "output      logic        s_axis_tready",
        "input  wire logic        s_axis_tlast",
        "output      logic [63:0] m_axis_tdata",
        "output      logic [7:0]  m_axis_tkeep",
        "output      logic        m_axis_tvalid",
        "input  wire logic        m_axis_tready",
        "output      logic        m_axis_tlast",
        *(f"input  wire logic [{width - 1}:0] s_axil_{pin}" for pin, width in axil_in.items()),
        *(f"output      logic [{width - 1}:0] s_axil_{pin}" for pin, width in _AXIL_OUT.items()),
    ]
    return f"""// Written by fpga_tb/tb/wrapper.py from the formatter file of "{formatter.name}".
`default_nettype none
`timescale 1ns/1ps
module {TOP} (
    {_lines(ports)}
);
    wire [63:0] records, blocks;
    wire [7:0]  records_keep, blocks_keep;
    assign records = {_octets("s_axis_tdata", formatter.records)};
    assign records_keep = {_bits("s_axis_tkeep", formatter.records)};
    assign m_axis_tdata = {_octets("blocks", formatter.blocks)};
    assign m_axis_tkeep = {_bits("blocks_keep", formatter.blocks)};
{"" if formatter.blocks.tkeep else "    assign blocks_keep = '1;" + chr(10)}{silent}
    {formatter.top} {f"#({parameters}) " if parameters else ""}dut (
        {_lines(pins, 8)}
    );
endmodule
`default_nettype wire
"""


def _stream(stream: Stream, ours: str, data: str) -> list[str]:
    pins = [f".{stream.tdata}({data})"]
    if stream.tkeep:
        pins.append(f".{stream.tkeep}({data}_keep)")
    return pins + [f".{getattr(stream, pin)}({ours}_{pin})" for pin in ("tvalid", "tready", "tlast")]


def _octets(signal: str, stream: Stream) -> str:
    if stream.octet_0 == "low":
        return signal
    return "{" + ", ".join(f"{signal}[{8 * i + 7}:{8 * i}]" for i in range(8)) + "}"


def _bits(signal: str, stream: Stream) -> str:
    return signal if stream.octet_0 == "low" else "{" + ", ".join(f"{signal}[{i}]" for i in range(8)) + "}"


def _lines(items: list[str], indent: int = 4) -> str:
    return (",\n" + " " * indent).join(items)
