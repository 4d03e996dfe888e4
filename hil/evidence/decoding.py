"""A recording, decoded piece by piece behind a progress bar, and what of it did not decode."""

from __future__ import annotations

import sys
from collections.abc import Iterator

from rich.console import Console
from rich.progress import Progress

from hil.asterix import Decoded, decode, describe
from hil.evidence.recording import Piece, Recording


def pieces(recording: Recording, words: str) -> Iterator[tuple[Piece, Decoded]]:
    """Every piece, decoded; the bar with `words` is on standard error. Raises ConfigError when the file is damaged."""
    with Progress(console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(words, total=max(recording.size, 1))
        for piece in recording.pieces():
            yield piece, decode(piece.octets, spans=(piece.offset, piece.length), source=str(recording.path))
            progress.update(task, completed=recording.position)


class Faults:
    """What of a recording did not decode, gathered piece by piece, for the last words on standard error."""

    def __init__(self, recording: Recording) -> None:
        self.recording, self.count, self.first = recording, 0, ""

    def add(self, piece: Piece, decoded: Decoded) -> None:
        """Take note of a piece."""
        if len(decoded.errors) and not self.count:
            fault = decoded.errors[0]
            place = piece.place[fault["datagram"]] + fault["at"] - piece.offset[fault["datagram"]]
            cause = describe(fault, str(self.recording.path))["cause"]
            self.first = f"{cause} (octet {place} of the file)"
        self.count += len(decoded.errors)

    def tell(self) -> int:
        """Say it when all pieces have been read; the exit code is 1 when anything was lost."""
        recording = self.recording
        if self.count:
            print(f"hil: {recording.path}: {self.count} pieces do not decode; the first: {self.first}", file=sys.stderr)
        for cause, count in recording.left_out.items():
            print(f"hil: {recording.path}: {count} packets left out: {cause}", file=sys.stderr)
        if recording.cut_at >= 0:
            print(f"hil: {recording.path} breaks off at octet {recording.cut_at} of {recording.size}", file=sys.stderr)
        return int(bool(self.count or recording.cut_at >= 0))
