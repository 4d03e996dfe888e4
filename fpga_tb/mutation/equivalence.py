"""Show that a mutant cannot be told from the formatter: a proof that, clock for clock, every output is the same for any input.

Original and mutant stand side by side under the same inputs, from reset on. Compared: every handshake, and what it carries while it
is valid (octets that tkeep leaves out are nobody's). The two block RAMs are taken out: what goes into them is compared, what comes
out is the same unknown for both while they are asked for the same. abc proves by induction over equal signals, then by
property-directed reachability. *Different* means that an input sequence tells them apart in this picture of the RAM.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from fpga_tb.synth.ecp5 import run_tool
from fpga_tb.tb.wrapper import TOP
from hil.errors import BenchError

RAM_WORDS = 512  # smaller memories become flip-flops
LIMIT_S = 45  # for looking for a difference, and again for a proof
PROVED, DIFFERENT, OPEN = "equivalent", "different", "open"

_STREAMS = {  # handshake → what it carries
    "m_axis_tvalid": ("m_axis_tdata", "m_axis_tkeep", "m_axis_tlast"),
    "s_axil_bvalid": ("s_axil_bresp",),
    "s_axil_rvalid": ("s_axil_rresp", "s_axil_rdata"),
}
_HANDSHAKES = ("s_axis_tready", "s_axil_awready", "s_axil_wready", "s_axil_arready", *_STREAMS)


def judge(plain: Path, mutations: Sequence[str], folder: Path) -> list[str]:
    """PROVED, DIFFERENT or OPEN for each of yosys' `mutate` commands on the RTLIL `plain`. Raises BenchError without the tools."""
    folder.mkdir(parents=True, exist_ok=True)
    numbered = [re.sub(r"-ctrl mutsel \d+ \d+", f"-ctrl mutsel 16 {i}", line) for i, line in enumerate(mutations, 1)]
    (folder / "survivors.ys").write_text("\n".join(numbered) + "\n")
    _yosys(f"read_rtlil {plain}; script {folder}/survivors.ys; opt_clean; write_json {folder}/mutated.json", folder)
    design = json.loads((folder / "mutated.json").read_text())
    module = design["modules"][TOP]
    rams = _take_out_rams(module)
    (folder / "without_rams.json").write_text(json.dumps(design))
    (folder / "miter.v").write_text(_miter(module["ports"], rams))
    _yosys(
        f"read_json {folder}/without_rams.json; read_verilog {folder}/miter.v; prep -flatten -top miter; memory_map; async2sync; "
        f"opt -full; dffunmap; techmap; opt -fast; dffunmap; simplemap; opt -full; write_rtlil {folder}/miter.il",
        folder,
    )
    with ThreadPoolExecutor(2) as pool:
        return list(pool.map(lambda number: _judge_one(number, folder), range(1, len(mutations) + 1)))


def _judge_one(number: int, folder: Path) -> str:
    aiger = folder / f"{number}.aig"
    chosen = f"delete -input w:mutant; connect -set mutant 16'd{number}"
    _yosys(
        f"read_rtlil {folder}/miter.il; cd miter; {chosen}; cd; opt -full; dffunmap; simplemap; setundef -undriven -anyseq; "
        f"setundef -init -zero; setundef -zero; aigmap; opt_clean; write_aiger -zinit {aiger}",
        folder,
    )
    reduced = aiger.with_suffix(".reduced.aig")
    script = f"read_aiger {aiger}; strash; bmc3 -F 12 -T {LIMIT_S}; &get; &scorr; &put; write_aiger {reduced}; pdr -T {LIMIT_S}"
    said = subprocess.run(
        [_abc(), "-q", script], capture_output=True, text=True, timeout=10 * LIMIT_S, check=False, cwd=folder
    ).stdout
    (folder / f"{number}.log").write_text(said)
    if "was asserted in frame" in said:
        return DIFFERENT
    return PROVED if "Property proved" in said or _never(reduced) else OPEN


def _never(aiger: Path) -> bool:
    """The only output of a binary AIGER file without latches and gates is the constant 0."""
    header, _, rest = aiger.read_bytes().partition(b"\n")
    _, _, _, latches, _, gates, *_ = header.split()
    return latches == gates == b"0" and rest.startswith(b"0\n")


def _take_out_rams(module: dict[str, Any]) -> list[str]:
    """Replace each large memory of a yosys JSON module by ports of the module; returns their names."""
    names = []
    for cell_name in [name for name, cell in module["cells"].items() if cell["type"] == "$mem_v2"]:
        cell = module["cells"][cell_name]
        if int(cell["parameters"]["SIZE"], 2) < RAM_WORDS:
            continue
        del module["cells"][cell_name]
        name = f"ram{len(names)}"
        names.append(name)
        pins = cell["connections"]
        for port, bits, direction in (
            ("en", pins["WR_EN"], "output"), ("to", pins["WR_ADDR"], "output"), ("put", pins["WR_DATA"], "output"),
            ("from", pins["RD_ADDR"], "output"), ("got", pins["RD_DATA"], "input"),
        ):  # fmt: skip
            module["ports"][f"{name}_{port}"] = {"direction": direction, "bits": bits}
            if f"{name}_{port}" not in module["netnames"]:
                module["netnames"][f"{name}_{port}"] = {"hide_name": 0, "bits": bits, "attributes": {}}
    return names


def _miter(ports: dict[str, Any], rams: Sequence[str]) -> str:
    """Verilog that asserts the sameness of the two; `mutant` is left to be set."""
    width = {name: len(port["bits"]) for name, port in ports.items()}
    shared = [
        name
        for name, port in ports.items()
        if port["direction"] == "input" and name not in ("mutsel", "rst") and not name.startswith("ram")
    ]
    outputs = [name for name, port in ports.items() if port["direction"] == "output"]
    lines = [f"    input wire [{width[name] - 1}:0] {name}" for name in shared]
    lines += [f"    input wire [63:0] {ram}_{data}" for ram in rams for data in ("word", "other")]
    text = (
        "module miter (\n"
        + ",\n".join([*lines, "    input wire asked_rst", "    input wire [15:0] mutant", "    output wire different"])
        + "\n);\n"
    )
    text += "    reg running = 0;\n    always @(posedge clk) running <= 1;\n"
    text += "    wire rst = asked_rst || !running;\n"
    text += "".join(f"    wire [{width[name] - 1}:0] a_{name}, b_{name};\n" for name in outputs)
    for side, select in (("a", "16'd0"), ("b", "mutant")):
        pins = [f".{name}({name})" for name in (*shared, "rst")] + [f".mutsel({select})"]
        pins += [f".{name}({side}_{name})" for name in outputs]
        for ram in rams:
            other = f"(a_{ram}_from == b_{ram}_from ? {ram}_word : {ram}_other)"
            pins.append(f".{ram}_got({f'{ram}_word' if side == 'a' else other})")
        text += f"    {TOP} {side} ({', '.join(pins)});\n"
    octets = "{" + ", ".join(f"{{8{{a_m_axis_tkeep[{i}]}}}}" for i in reversed(range(8))) + "}"
    found = [f"a_{name} != b_{name}" for name in _HANDSHAKES]
    for valid, carried in _STREAMS.items():
        for name in carried:
            mask = f" & {octets}" if name == "m_axis_tdata" else ""
            found.append(f"a_{valid} && ((a_{name} ^ b_{name}){mask}) != 0")
    for ram in rams:
        found.append(f"a_{ram}_en != b_{ram}_en")
        found.append(f"a_{ram}_en[0] && {{a_{ram}_to, a_{ram}_put}} != {{b_{ram}_to, b_{ram}_put}}")
    joined = "\n        || ".join(f"({term})" for term in found)
    return f"{text}    assign different = running && !rst && (\n        {joined});\nendmodule\n"


def _abc() -> str:
    """abc, from the pyosys wheel or the system."""
    import pyosys  # type: ignore[import-untyped]  # noqa: PLC0415

    own = Path(pyosys.__file__).with_name("yosys-abc")
    found = str(own) if own.exists() else shutil.which("yosys-abc")
    if found is None:
        raise BenchError("yosys-abc is not installed", "apt-get install -y yosys")
    return found


def _yosys(script: str, folder: Path) -> None:
    run_tool([sys.executable, "-m", "fpga_tb.synth.yosys", script], folder / "yosys.log", "make fpga-tools")
