"""The GNU build id that a linker left in a firmware image."""

from __future__ import annotations

from pathlib import Path

NOTE = b"\x04\0\0\0\x14\0\0\0\x03\0\0\0GNU\0"  # name of 4 octets, description of 20, NT_GNU_BUILD_ID, little-endian
ID_OCTETS = 20


def build_id_of(image: Path) -> str:
    """40 hexadecimal digits; empty when the file cannot be read or has no such note (`-Wl,--build-id=sha1`)."""
    try:
        octets = image.read_bytes()
    except OSError:
        return ""
    at = octets.find(NOTE)
    return octets[at + len(NOTE) : at + len(NOTE) + ID_OCTETS].hex() if at >= 0 else ""
