"""Run yosys passes in a process of their own: `python -m fpga_tb.synth.yosys 'pass; pass; …'` (the pyosys wheel has no binary)."""

from __future__ import annotations

import sys


def main() -> int:
    """Exit code 1 with yosys' own message when a pass fails."""
    from pyosys import libyosys as ys  # type: ignore[import-untyped]  # noqa: PLC0415 - no stubs; only this process pays

    design = ys.Design()
    for command in sys.argv[1].split(";"):
        ys.run_pass(command.strip(), design)
    return 0


if __name__ == "__main__":
    sys.exit(main())
