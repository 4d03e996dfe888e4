"""Finds and reads the files of lab_config; what they may say is each structure's own business."""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

from hil.errors import ConfigError
from hil.settings import parse

T = TypeVar("T")


def read_text(path: Path) -> str:
    """Text of the configuration file at `path`. Raises ConfigError naming it, and its neighbours when it does not exist."""
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        known = sorted(p.name for p in path.parent.glob("*.toml")) if path.parent.is_dir() else []
        remedy = f"{path.parent} has {', '.join(known)}" if known else "check the path"
        raise ConfigError(f"{path}: no such file", remedy) from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: cannot be read ({error})", "give a readable UTF-8 TOML file") from None


def load(path: Path, kind: type[T]) -> T:
    """The TOML file at `path` as `kind`. Raises ConfigError (file:line, cause, remedy)."""
    return parse(read_text(path), str(path), kind)
