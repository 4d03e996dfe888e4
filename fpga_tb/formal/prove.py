"""Prove the formatter's modules, and show that each proof fails on seeded errors and that its assumptions leave something to prove.

`python -m fpga_tb.formal.prove [NAME…]` writes build/fpga/proofs.json: unbounded proofs by property-directed reachability,
bounded ones by model checking from reset to the stated depth. yosys makes the model, its abc the proof.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hil.errors import BenchError, HilError

ROOT = Path(__file__).resolve().parents[2]
RTL = ROOT / "fpga_tb" / "rtl"
BUILD = ROOT / "build" / "fpga" / "formal"
LIMIT_S = 900


@dataclass(frozen=True)
class Error:
    """A seeded error: this text of this source replaced by that."""

    source: str
    text: str
    wrong: str


@dataclass(frozen=True)
class Proof:
    """A harness in this folder; depth in clocks from reset, 0 = unbounded."""

    name: str
    claim: str
    depth: int
    errors: tuple[Error, ...]
    harness: str = ""  # when it is not the name
    define: str = ""


PROOFS = (
    Proof(
        "skid_proof",
        "AXI4-Stream payload holds until ready; each beat leaves once, in order",
        0,
        (
            Error("axis_skid.sv", "s_ready ? s_payload : spare", "s_payload"),
            Error("axis_skid.sv", "if (move) m_payload", "m_payload"),
            Error("axis_skid.sv", "m_valid <= s_valid || !s_ready;", "m_valid <= s_valid;"),
        ),
    ),
    Proof(
        "gate_proof",
        "a record is offered whole and once, or dropped and counted once under its cause; its length is known",
        20,
        (
            Error("record_gate.sv", "in_data[31:24] != 8'd1", "in_data[30:24] != 7'd1"),
            Error("record_gate.sv", "10'h2A3", "10'h2A4"),
            Error("record_gate.sv", "RECORD_BEATS'(1) : expected << 1;", "RECORD_BEATS'(1) : {expected[5:0], expected[6]};"),
            Error("record_gate.sv", "assign in_ready = !rec_valid || rec_ready", "assign in_ready = 1'b1"),
            Error("record_gate.sv", "(has.i245 ? 6'd7", "(has.i245 ? 6'd6"),
        ),
    ),
    Proof(
        "planner_proof",
        "every record walks its seven slots once; no block passes the MTU or its flush time; a record is taken within 8 clocks",
        50,
        (
            Error("block_planner.sv", "length_with > mtu_octets", "length_with >= mtu_octets"),
            Error("block_planner.sv", "length_with > mtu_octets", "length_with > mtu_octets + 13'd1"),
            Error("block_planner.sv", "SLOT_BEFORE_LAST = 3'd5", "SLOT_BEFORE_LAST = 3'd4"),
            Error("block_planner.sv", "wire close_now = expired", "wire close_now = open"),
            Error("block_planner.sv", "else if (close_now) open <= 1'b0;", ""),
        ),
    ),
    Proof(
        "packer_proof",
        "every octet comes out once, in order, behind a free head and before zeros; LEN is the octets sent",
        12,
        (
            Error("octet_packer.sv", "two ? {window[7:0], 56'd0}", "two ? 64'd0"),
            Error("octet_packer.sv", "w_close ? w_start : two", "w_close ? w_start : 1'b0"),
            Error("octet_packer.sv", "{first[63:40], second};", "{first[63:48], second, 8'd0};"),
            Error("octet_packer.sv", "position_now + m_octets[2:0]", "position_next + m_octets[2:0]"),
        ),
    ),
    Proof(
        "packer_lengths",
        "LEN is the octets sent, a closed block's beats are as many as they fill, over several blocks",
        40,
        (
            Error("octet_packer.sv", "length[2:0] != 3'd0 : one", "1'b1 : one"),
            Error("octet_packer.sv", "close_len <= length;", "close_len <= length + 13'd8;"),
            Error("octet_packer.sv", "wire one = w_fill[1:0] != 2'd0;", "wire one = w_fill[0];"),
        ),
        harness="packer_proof",
        define="LENGTHS",
    ),
    Proof(
        "store_proof",
        "nothing leaves before its block is closed; each beat once, in order; LEN = octets sent; out within 8 clocks",
        17,
        (
            Error("block_store.sv", "wire b_is_even = write_beat[0] == a_valid;", "wire b_is_even = write_beat[0];"),
            Error("block_store.sv", "(LEN_W + 1)'(9)", "(LEN_W + 1)'(8)"),
            Error("block_store.sv", "~(8'hFF >> g_len[2:0])", "~(8'h7F >> g_len[2:0])"),
            Error("block_store.sv", "sending <= next_valid || (sending && !last);", "sending <= next_valid;"),
            Error("block_store.sv", "read_beat[0], len};", "read_beat[0], next_len};"),
        ),
    ),
)  # fmt: skip


def main(names: Sequence[str]) -> int:
    """Exit code 1 when a claim does not hold, a seeded error passes, or a proof is empty."""
    chosen = [proof for proof in PROOFS if not names or proof.name in names]
    results = [attempt(proof) for proof in chosen]
    (BUILD.parent / "proofs.json").write_text(json.dumps(results, indent=1) + "\n")
    for result in results:
        print(
            f"{result['name']:14} {'proved' if result['holds'] else 'FAILS':7} depth {result['depth'] or 'unbounded':>9} "
            f"{result['seconds']:6.1f} s, seeded errors found {result['errors_found']}/{result['errors']}, "
            f"{'reachable' if result['reachable'] else 'EMPTY'}: {result['claim']}"
        )
    good = all(r["holds"] and r["reachable"] and r["errors_found"] == r["errors"] for r in results)
    return 0 if good else 1


def attempt(proof: Proof) -> dict[str, Any]:
    """The proof, its seeded errors, and whether its cover is reached."""
    started = time.monotonic()
    holds = _ask(proof, _model(proof), proof.depth) is None
    seconds = time.monotonic() - started
    found = sum(_ask(proof, _model(proof, error=error), proof.depth or 20) is not None for error in proof.errors)
    reachable = _ask(proof, _model(proof, cover=True), proof.depth or 20) is not None
    return {
        "name": proof.name, "claim": proof.claim, "depth": proof.depth, "holds": holds, "seconds": round(seconds, 1),
        "errors": len(proof.errors), "errors_found": found, "reachable": reachable,
    }  # fmt: skip


def _model(proof: Proof, error: Error | None = None, cover: bool = False) -> Path:
    """The harness as an and-inverter graph with every assertion an output and every assumption a constraint."""
    BUILD.mkdir(parents=True, exist_ok=True)
    kind = f"error{proof.errors.index(error)}" if error else "cover" if cover else "claim"
    folder = BUILD / f"{proof.name}_{kind}"
    folder.mkdir(exist_ok=True)
    names = (RTL / "sources.f").read_text().split()
    for name in names:
        text = (RTL / name).read_text()
        if error and name == error.source:
            if text.count(error.text) != 1:
                raise BenchError(f"{name} has {error.text!r} {text.count(error.text)} times", "mend the seeded error")
            text = text.replace(error.text, error.wrong)
        (folder / name).write_text(text)
    top = proof.harness or proof.name
    shutil.copy(Path(__file__).with_name(f"{top}.sv"), folder)
    defines = " ".join(f"-D{name}" for name in (proof.define, "COVER" if cover else "") if name)
    script = (
        f"read_verilog -formal -sv {defines} {' '.join(names)} {top}.sv; prep -flatten -top {top}; "
        "memory_map; async2sync; opt -full; dffunmap; setundef -undriven -anyseq; opt_clean; techmap; opt -fast; dffunmap; "
        "simplemap; setundef -undriven -anyseq; aigmap; opt_clean; write_aiger -zinit -no-startoffset model.aig"
    )
    _tool(["yosys", "-q", "-l", "yosys.log", "-p", script], folder, LIMIT_S)
    return folder


def _ask(proof: Proof, folder: Path, depth: int) -> int | None:
    """The clock of a counterexample, None when there is none; BenchError when abc does not know."""
    constrained = "fold; " if "assume" in (folder / f"{proof.harness or proof.name}.sv").read_text() else ""
    engine = f"bmc3 -F {depth}" if depth else "pdr"
    said = _tool(["yosys-abc", "-q", f"read_aiger model.aig; {constrained}strash; {engine}"], folder, LIMIT_S)
    (folder / "abc.log").write_text(said)
    if found := re.search(r"was asserted in frame (\d+)", said):
        return int(found.group(1))
    if f"No output asserted in {depth} frames" in said or "Property proved" in said:
        return None
    raise BenchError(f"{proof.name}: no answer from abc", f"read {folder / 'abc.log'}")


def _tool(command: list[str], folder: Path, limit_s: float) -> str:
    try:
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=limit_s, check=False)
    except FileNotFoundError:
        raise BenchError(f"{command[0]} is not installed", "apt-get install -y yosys") from None
    except subprocess.TimeoutExpired:
        raise BenchError(f"{command[0]} ran for {limit_s:.0f} s in {folder}", "lower the depth of the proof") from None
    if done.returncode:
        raise BenchError(
            f"{command[0]} failed in {folder}: {(done.stderr or done.stdout).strip().splitlines()[-1]}", "read its log"
        )
    return done.stdout


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except HilError as error:
        print(error, file=sys.stderr)
        sys.exit(error.exit_code)
