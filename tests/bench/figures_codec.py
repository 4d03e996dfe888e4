"""Figures of the codec into build/figures/codec.json, one flat object: `make figures-codec`.

    python tests/bench/figures_codec.py [--seed 1] [--datagrams 1000000]

`decode_cat048_ratio`, `decode_cat062_ratio`: ours ÷ fastest peer that Python can call, mixed layouts; `encode_cat062_ratio`: ÷
aviconv, mixed layouts; `live_datagram_us`: median of one full datagram, the slower of the two categories; `fuzzed`,
`fuzz_crashes`; `import_s`; `peers`: name → CAT062 records per CPU second, mixed layouts.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from codec import measure, show
from codec_fuzz import fuzz

if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--datagrams", type=int, default=1_000_000)
    parser.add_argument("--out", type=Path, default=Path("build/figures/codec.json"))
    given = parser.parse_args()
    results = measure(given.seed, Path("build/bench"))
    show(results)
    fuzzed, crashes = fuzz(given.datagrams, given.seed)
    print(f"fuzz: {fuzzed:,} mutated datagrams, {crashes} batches that did not come back clean")
    figures = {
        "decode_cat048_ratio": round(results.ratio(48, True), 1),
        "decode_cat062_ratio": round(results.ratio(62, True), 1),
        "encode_cat062_ratio": round(results.encode[62, True] / results.peer_encode[62], 1),
        "live_datagram_us": round(max(results.live_decode_us.values()), 1),
        "fuzzed": fuzzed,
        "fuzz_crashes": crashes,
        "import_s": round(results.import_s, 3),
        "decode_cat048_per_s": round(results.decode[48, True]),
        "decode_cat062_per_s": round(results.decode[62, True]),
        "encode_cat062_per_s": round(results.encode[62, True]),
        "peers": {name: round(rate) for name, rate in results.peers[62, True].items()},
    }
    given.out.parent.mkdir(parents=True, exist_ok=True)
    given.out.write_text(json.dumps(figures, indent=2) + "\n")
