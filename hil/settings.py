"""TOML text to a typed structure, with file and line of whatever does not fit; pure, so the caller reads the file.

Unknown keys are refused. A key that is right but for its unit (`delay_s` where the file format has `delay_ms`) is told apart from
one that is simply unknown.
"""

from __future__ import annotations

import difflib
import re
import tomllib
from typing import Any, TypeVar

import msgspec

from hil.errors import ConfigError, HilError

T = TypeVar("T")

UNITS = (
    "s",
    "ms",
    "us",
    "ns",
    "m",
    "km",
    "nm",
    "ft",
    "deg",
    "rad",
    "mps",
    "kt",
    "dps",
    "hz",
    "bps",
    "baud",
    "db",
    "dbw",
)
_STEP = re.compile(r"\.([^.\[]+)|\[(\d+|\.\.\.)\]")
_TABLE = re.compile(r"^\s*(\[\[|\[)\s*([^\]]+?)\s*\]")
_KEY = re.compile(r"""^\s*("[^"]+"|'[^']+'|[A-Za-z0-9_-]+)\s*[=.]""")


def parse(text: str, source: str, kind: type[T]) -> T:
    """Read TOML `text` as `kind` (a msgspec.Struct with `forbid_unknown_fields`); `source` names the file in messages.

    Raises ConfigError, `file:line: what is wrong: what to do`, when it is no TOML or does not fit.
    """
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        line = re.search(r"line (\d+)", str(error))
        where = f"{source}:{line.group(1) if line else len(text.splitlines())}"  # without one it is the end of the file
        raise ConfigError(f"{where}: not TOML ({error})", "correct the syntax") from None
    try:
        return msgspec.convert(document, kind, strict=True)
    except msgspec.ValidationError as error:
        cause, _, where = str(error).partition(" - at `")
        keys = _path_keys(where.rstrip("`"))
        unknown = re.search(r"unknown field `([^`]+)`", cause)
        if unknown:
            name = unknown.group(1)
            line_number = line_of(text, [*keys, name])
            raise ConfigError(
                f"{source}:{line_number}: unknown key `{name}`", _hint(name, _fields_at(kind, keys, document))
            ) from None
        remedy = "add the key" if "missing" in cause else _hint_of_kind(kind, keys, document) or "correct the value"
        raise ConfigError(f"{source}:{line_of(text, keys)}: {cause} at `{_dotted(keys)}`", remedy) from None
    except HilError as error:  # raised by a structure's own check of its values
        raise ConfigError(f"{source}: {error.cause}", error.remedy) from None


def line_of(text: str, keys: list[str | int]) -> int:
    """Line number (from 1) of the key at `keys` in TOML `text`; the nearest enclosing table's line when it has none."""
    names = [k for k in keys if isinstance(k, str)]
    indices = {
        tuple(names[: sum(isinstance(x, str) for x in keys[:i])]): k for i, k in enumerate(keys) if isinstance(k, int)
    }
    seen: dict[tuple[str, ...], int] = {}
    table: tuple[str, ...] = ()
    best_line, best_depth = 1, 0
    for number, line in enumerate(text.splitlines(), 1):
        header = _TABLE.match(line)
        if header:
            table = tuple(part.strip().strip("\"'") for part in header.group(2).split("."))
            if header.group(1) == "[[":
                seen[table] = seen.get(table, -1) + 1
                for deeper in [t for t in seen if len(t) > len(table) and t[: len(table)] == table]:
                    del seen[deeper]
        key = None if header else _KEY.match(line)
        here = (*table, key.group(1).strip("\"'")) if key else table
        if not (header or key) or here != tuple(names[: len(here)]):
            continue
        if any(seen.get(t, 0) != indices.get(t, seen.get(t, 0)) for t in seen if t == here[: len(t)]):
            continue
        if len(here) > best_depth:
            best_line, best_depth = number, len(here)
    return best_line


def _path_keys(path: str) -> list[str | int]:
    keys: list[str | int] = []
    for name, index in _STEP.findall(path):
        if name:
            keys.append(name)
        elif index != "...":
            keys.append(int(index))
    return keys


def _dotted(keys: list[str | int]) -> str:
    return "".join(f"[{k}]" if isinstance(k, int) else f".{k}" for k in keys).lstrip(".") or "(top level)"


def _fields_at(kind: object, keys: list[str | int], document: Any) -> list[str]:
    """Names of the keys that the structure at `keys` takes, as far as its type and its tag in `document` tell."""
    info, value = _at(kind, keys, document)
    info = _inside(info, value)
    return [f.encode_name for f in info.fields] if isinstance(info, msgspec.inspect.StructType) else []


def _hint_of_kind(kind: object, keys: list[str | int], document: Any) -> str:
    """What to write instead of a tag that no structure of a union has; empty where `keys` leads to no such tag."""
    if not keys:
        return ""
    info, value = _at(kind, keys[:-1], document)
    tags = [str(t.tag) for t in _structures(info) if t.tag is not None and t.tag_field == keys[-1]]
    return _hint(str(value.get(keys[-1])), tags) if tags and isinstance(value, dict) else ""


def _at(kind: object, keys: list[str | int], document: Any) -> tuple[msgspec.inspect.Type, Any]:
    """The type and the value at `keys`; the value is None where the document has none."""
    info, value = msgspec.inspect.type_info(kind), document
    for key in keys:
        info = _inside(info, value)
        if isinstance(key, str) and isinstance(info, msgspec.inspect.StructType):
            info = next((f.type for f in info.fields if f.encode_name == key), info)
        elif isinstance(key, int):
            info = _element(info)
        try:
            value = value[key]
        except (KeyError, IndexError, TypeError):
            value = None
    return info, value


def _element(info: msgspec.inspect.Type) -> msgspec.inspect.Type:
    return info.item_type if isinstance(info, msgspec.inspect.ListType | msgspec.inspect.VarTupleType) else info


def _structures(info: msgspec.inspect.Type) -> list[msgspec.inspect.StructType]:
    types = info.types if isinstance(info, msgspec.inspect.UnionType) else (info,)
    return [t for t in types if isinstance(t, msgspec.inspect.StructType)]


def _inside(info: msgspec.inspect.Type, value: Any) -> msgspec.inspect.Type:
    """The structure behind lists, dictionaries and unions; of a tagged union the one that `value` names."""
    while True:
        if isinstance(info, msgspec.inspect.ListType | msgspec.inspect.VarTupleType):
            if isinstance(value, list):
                return info  # its element is meant; see _element
            info = info.item_type
        elif isinstance(info, msgspec.inspect.DictType):
            info = info.value_type
        elif isinstance(info, msgspec.inspect.UnionType):
            info = _chosen(info, value)
        else:
            return info


def _chosen(info: msgspec.inspect.UnionType, value: Any) -> msgspec.inspect.Type:
    for structure in _structures(info):
        if isinstance(value, dict) and structure.tag is not None and value.get(structure.tag_field) == structure.tag:
            return structure
    return next((t for t in info.types if not isinstance(t, msgspec.inspect.NoneType)), info.types[0])


def _hint(name: str, fields: list[str]) -> str:
    stem, _, unit = name.rpartition("_")
    if unit in UNITS:
        for field in fields:
            if field.rpartition("_")[0] == stem and field.rpartition("_")[2] in UNITS:
                return f"wrong unit: this value is given in {field.rpartition('_')[2]}, write `{field}`"
    close = difflib.get_close_matches(name, fields, 1)
    return f"did you mean `{close[0]}`?" if close else f"known here: {', '.join(fields)}"
