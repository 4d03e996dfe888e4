"""Move the register behind a block RAM's data output into the block RAM (ECP5 DP16KD, REGMODE = OUTREG).

yosys infers the RAM but leaves that register in fabric, where the RAM's slow output (5.8 ns at speed 6) must also cross
the routing. This works on yosys' JSON netlist and refuses any RAM whose outputs are not all registered alike, so the
function stays what the RTL says.
"""

from __future__ import annotations

from typing import Any

from hil.errors import BenchError


def absorb(module: dict[str, Any]) -> int:
    """Rewrite every DP16KD of a yosys JSON module in place; returns how many flip-flops went into RAMs."""
    cells: dict[str, Any] = module["cells"]
    readers: dict[Any, list[tuple[str, str]]] = {}
    for name, cell in cells.items():
        for pin, bits in cell["connections"].items():
            if cell["port_directions"][pin] == "input":
                for bit in bits:
                    readers.setdefault(bit, []).append((name, pin))
    taken = 0
    for name in [name for name, cell in cells.items() if cell["type"] == "DP16KD"]:
        for side in "AB":
            taken += _absorb_port(cells, name, side, readers)
    return taken


def _absorb_port(cells: dict[str, Any], ram: str, side: str, readers: dict[Any, list[tuple[str, str]]]) -> int:
    cell = cells[ram]
    outputs = {
        pin: readers[bits[0]]
        for pin, bits in cell["connections"].items()
        if pin.startswith(f"DO{side}") and bits and readers.get(bits[0])
    }
    if not outputs:
        return 0
    enables, registers = set(), {}
    for pin, users in outputs.items():
        user, user_pin = users[0]
        if len(users) != 1 or cells[user]["type"] != "TRELLIS_FF" or user_pin not in ("DI", "M"):
            raise BenchError(f"{ram}.{pin} feeds {[u for u, _ in users]}, not one register", "mend beat_ram.sv")
        registers[pin] = user
        enables.add((cells[user]["connections"]["CLK"][0], *_enable(cells[user])))
    if len(enables) != 1:
        raise BenchError(f"the output registers of {ram} differ in clock or enable", "mend beat_ram.sv")
    clock, enable, mux = enables.pop()
    if clock != cell["connections"][f"CLK{side}"][0] or mux == "INV":
        raise BenchError(f"the output registers of {ram} have another clock or an inverted enable", "mend beat_ram.sv")
    cell["parameters"][f"REGMODE_{side}"] = "OUTREG"
    cell["connections"][f"OCE{side}"] = [enable]
    for pin, register in registers.items():
        cell["connections"][pin] = cells.pop(register)["connections"]["Q"]
    return len(registers)


def _enable(register: dict[str, Any]) -> tuple[Any, str]:
    mux = register["parameters"].get("CEMUX", "CE")
    return ("1", mux) if mux == "1" else (register["connections"]["CE"][0], mux)
