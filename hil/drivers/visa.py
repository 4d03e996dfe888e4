"""Talks SCPI through pyvisa (pyvisa-py backend): the console of a box and the instruments of the lab, all in one way.

A session asks, a session tells; what the answers mean is the caller's business.
"""

from __future__ import annotations

from types import TracebackType

import pyvisa

from hil.errors import HilTimeoutError, LinkError

TIMEOUT_MS = 3_000
CONSOLE_BAUD = 115_200


class Session:
    """One open VISA resource, lines ended by a line feed both ways. Use as a context manager."""

    def __init__(self, resource: str) -> None:
        self.resource = resource
        try:
            self._instrument = pyvisa.ResourceManager("@py").open_resource(resource)
        except (pyvisa.errors.Error, OSError, ValueError) as error:
            raise LinkError(
                f"console {resource} cannot be opened ({error})", "is the box running and the line free?"
            ) from None
        self._instrument.timeout = TIMEOUT_MS
        self._instrument.read_termination = "\n"
        self._instrument.write_termination = "\n"
        if resource.upper().startswith("ASRL"):
            self._instrument.baud_rate = CONSOLE_BAUD

    def __enter__(self) -> Session:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def ask(self, query: str) -> str:
        """Send a query and return its answer without line ends. Raises HilTimeoutError when none comes."""
        try:
            return str(self._instrument.query(query)).strip()
        except pyvisa.errors.VisaIOError as error:
            if error.error_code == pyvisa.constants.StatusCode.error_timeout:
                raise HilTimeoutError(
                    f"{self.resource} did not answer {query} within {TIMEOUT_MS} ms", "look at its log"
                ) from None
            raise LinkError(f"{self.resource} broke at {query} ({error})", "is the box still running?") from None
        except OSError as error:
            raise LinkError(f"{self.resource} broke at {query} ({error})", "is the box still running?") from None

    def tell(self, command: str) -> None:
        """Send a command that has no answer. Raises LinkError when the line breaks."""
        try:
            self._instrument.write(command)
        except (pyvisa.errors.VisaIOError, OSError) as error:
            raise LinkError(f"{self.resource} broke at {command} ({error})", "is the box still running?") from None

    def close(self) -> None:
        """Give the resource back."""
        self._instrument.close()
