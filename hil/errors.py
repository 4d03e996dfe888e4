"""The one family of errors that the harness raises on purpose.

Every message is one line that names the cause and the remedy. The command line turns a class into an exit code (see
`HilError.exit_code`), the pytest plugin into an outcome: a `BenchError` is *blocked*, never *fail*.
"""

from __future__ import annotations


class HilError(Exception):
    """Root of the harness's own errors.

    `cause` says what is wrong and where (file, line, field, device); `remedy` says what to do about it.
    """

    exit_code = 2

    def __init__(self, cause: str, remedy: str = "") -> None:
        self.cause = " ".join(cause.split())
        self.remedy = " ".join(remedy.split())
        super().__init__(f"{self.cause}: {self.remedy}" if remedy else self.cause)


class ConfigError(HilError):
    """A file or an argument that the user gave cannot be used (exit code 2)."""


class BenchError(HilError):
    """The bench, not the box, is at fault: the run is *blocked* (exit code 3)."""

    exit_code = 3


class BoxError(HilError):
    """A box that had been well broke by itself: it crashed, or answers no more (exit code 1, *fail*)."""

    exit_code = 1


class LinkError(BenchError):
    """A port, socket or serial line of the bench cannot be opened or broke."""


class DecodeError(HilError):
    """Bytes that are not what their format promises (file, block, record, item, octet offset in the message)."""


class EncodeError(HilError):
    """A value that the format cannot carry: out of range, NaN, wrong type, or a mandatory item missing."""


class HilTimeoutError(BenchError, TimeoutError):
    """Something that the bench waited for did not come in time."""
