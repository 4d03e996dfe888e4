"""The published ASTERIX tables, walked once out of libasterix and kept on disk as plain data.

libasterix's generated module takes a second to import, so it is imported only when the tables of its version are not in
the cache folder `$XDG_CACHE_HOME/radar-hil` (default `~/.cache/radar-hil`) yet. A folder that cannot be written to costs
that second in every process and nothing else. Nothing here is typed in by hand: every item, size, LSB and unit is libasterix's.
"""

from __future__ import annotations

import os
import tempfile
from contextlib import suppress
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import msgspec

from hil.asterix.spec import (
    Case,
    Category,
    Compound,
    Content,
    Element,
    Expansion,
    Explicit,
    Extended,
    Group,
    Index,
    Item,
    Profile,
    RandomFields,
    Repetitive,
    Spare,
)
from hil.errors import ConfigError

_FORMAT = 1  # of the cache files: raise it when spec.py changes shape


def editions(category: int) -> tuple[str, ...]:
    """Editions of a category that libasterix carries, oldest first. ConfigError for a category it lacks."""
    known = _index().categories
    if category not in known:
        names = ", ".join(f"{c:03d}" for c in known)
        raise ConfigError(f"ASTERIX category {category} has no published table here", f"use one of {names}")
    return tuple(known[category])


def categories() -> tuple[int, ...]:
    """Every category that libasterix carries."""
    return tuple(_index().categories)


def expansion_editions(category: int) -> tuple[str, ...]:
    """Editions of the reserved expansion field of a category, oldest first; empty where none is published."""
    return tuple(_index().expansions.get(category, ()))


@cache
def category_table(category: int, edition: str | None = None) -> Category:
    """The table of one edition (default: the latest). ConfigError names the editions there are."""
    known = editions(category)
    if edition is not None and edition not in known:
        raise ConfigError(f"CAT{category:03d} has no edition {edition}", f"use one of {', '.join(known)}")
    return msgspec.msgpack.decode(_blob(f"cat{category:03d}-{edition or known[-1]}"), type=Category)


@cache
def expansion_table(category: int, edition: str | None = None) -> Expansion | None:
    """Contents of the reserved expansion field of a category (default: the latest edition); None if unpublished."""
    known = expansion_editions(category)
    if not known and edition is None:
        return None
    if edition is not None and edition not in known:
        raise ConfigError(f"CAT{category:03d} has no RE edition {edition}", f"use one of {', '.join(known) or 'none'}")
    return msgspec.msgpack.decode(_blob(f"ref{category:03d}-{edition or known[-1]}"), type=Expansion)


@cache
def _index() -> Index:
    return msgspec.msgpack.decode(_blob("index"), type=Index)


@cache
def _folder() -> Path:
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "radar-hil" / f"asterix-{_release()}-{_FORMAT}"


def _release() -> str:
    """Version of libasterix, off the name of its folder: asking importlib.metadata takes longer than all the rest."""
    package = find_spec("asterix")
    if package is None or package.origin is None:
        raise ConfigError("libasterix is not installed", "pip install libasterix")
    installed = sorted(Path(package.origin).parent.parent.glob("libasterix-*.dist-info"))
    if not installed:
        raise ConfigError(f"{package.origin} is not libasterix's", "uninstall asterix-decoder, then install libasterix")
    return installed[-1].name.split("-")[1].removesuffix(".dist")


def _blob(name: str) -> bytes:
    if not _walked:
        with suppress(OSError):
            return (_folder() / f"{name}.msgpack").read_bytes()
        _walked.update(_walk_everything())
        with suppress(OSError):
            _store(_folder(), _walked)
    return _walked[name]


_walked: dict[str, bytes] = {}  # what this process walked itself, because the cache did not have it


def _store(folder: Path, blobs: dict[str, bytes]) -> None:
    """Put the blobs into `folder` so that no reader ever sees half of them (the index comes last)."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in sorted(blobs, key=lambda name: name == "index"):
        with tempfile.NamedTemporaryFile(dir=folder, delete=False) as file:
            file.write(blobs[name])
        Path(file.name).replace(folder / f"{name}.msgpack")


def _walk_everything() -> dict[str, bytes]:
    from asterix import generated  # noqa: PLC0415 - a second of import, paid only when the cache is empty

    manifest = generated.manifest
    tables = [_category(edition) for group in manifest["CATS"].values() for edition in group]
    expansions = [_expansion(edition) for group in manifest["REFS"].values() for edition in group]
    blobs = {f"cat{t.category:03d}-{t.edition}": msgspec.msgpack.encode(t) for t in tables}
    blobs |= {f"ref{t.category:03d}-{t.edition}": msgspec.msgpack.encode(t) for t in expansions}
    blobs["index"] = msgspec.msgpack.encode(Index(_by_category(tables), _by_category(expansions)))
    return blobs


def _by_category(tables: list[Any]) -> dict[int, list[str]]:
    known: dict[int, list[str]] = {}
    for table in sorted(tables, key=lambda t: (t.category, [int(part) for part in t.edition.split(".")])):
        known.setdefault(table.category, []).append(table.edition)
    return known


def _edition(source: Any) -> str:
    return ".".join(map(str, source.cv_edition))


def _category(source: Any) -> Category:
    uap = source.cv_uap
    if hasattr(uap, "cv_record"):
        return Category(source.cv_category, _edition(source), [_profile("", uap.cv_record)])
    profiles = [_profile(name, record) for name, record in uap.cv_uaps.items()]
    selector, choices = uap.cv_selector or ([], {})
    return Category(source.cv_category, _edition(source), profiles, list(selector), dict(choices))


def _profile(name: str, record: Any) -> Profile:
    fields = [_profile_field(field) for field in record.cv_items_list]
    return Profile(name, record.cv_fspec_max_bytes, fields)


def _profile_field(field: Any) -> Item | RandomFields | None:
    if hasattr(field, "cv_non_spare"):
        return _item(field.cv_non_spare)
    return RandomFields() if "UapItemRFS" in {base.__name__ for base in field.__mro__} else None


def _expansion(source: Any) -> Expansion:
    contents = source.cv_expansion
    kind, octets = contents.cv_type
    subfields = [_item(sub) if sub else None for sub in contents.cv_items_list]
    compound = Compound(octets, subfields, fixed=kind.__name__ == "FspecFixed")
    return Expansion(source.cv_category, _edition(source), compound)


def _item(source: Any) -> Item:
    rule = source.cv_rule
    # a structure that depends on another item is read by its default, which has the same size
    variation = rule.cv_variation if hasattr(rule, "cv_variation") else rule.cv_default_variation
    return Item(source.cv_name, source.cv_title, _variation(variation))


def _member(source: Any) -> Item | Spare:
    return _item(source.cv_non_spare) if hasattr(source, "cv_non_spare") else Spare(source.cv_bit_size)


def _variation(source: Any) -> Element | Group | Extended | Repetitive | Explicit | Compound:
    kind = source.__mro__[1].__name__
    if kind == "Element":
        return _element(source)
    if kind == "Group":
        return Group([_member(member) for member, _ in source.cv_items_list])
    if kind == "Extended":
        parts = [[_member(entry[0]) for entry in part if entry is not None] for part in source.cv_items_list]
        return Extended(parts, source.cv_items_list[-1][-1] is None)
    if kind == "Repetitive":
        element = _variation(source.cv_variation)
        assert isinstance(element, (Element, Group))
        return Repetitive(source.cv_rep_bytes or 0, element)
    if kind == "Explicit":
        purposes = {"ReservedExpansion": "expansion", "SpecialPurpose": "special"}
        return Explicit(purposes.get(getattr(source.cv_explicit_type, "__name__", ""), ""))
    if kind == "Compound":
        return Compound(source.cv_fspec_max_bytes, [_item(sub) if sub else None for sub in source.cv_items_list])
    raise ConfigError(f"libasterix describes an item as {kind}, which is unknown here", "use libasterix 0.36")


def _element(source: Any) -> Element:
    rule = source.cv_rule
    if hasattr(rule, "cv_content"):
        return Element(source.cv_bit_size, _content(rule.cv_content))
    cases = [Case(list(key), _content(content)) for key, content in rule.cv_cases]
    return Element(source.cv_bit_size, _content(rule.cv_default_content), [list(p) for p in rule.cv_depends_on], cases)


def _content(source: Any) -> Content:
    kind = source.__mro__[1].__name__.removeprefix("Content").lower()
    string = source.cv_string_type.__name__.removeprefix("String").lower() if kind == "string" else ""
    return Content(
        kind=kind,
        signed=kind in ("integer", "quantity") and source.cv_signedness.__name__ == "Signed",
        lsb=float(getattr(source, "cv_lsb", 1.0)),
        unit=getattr(source, "cv_unit", ""),
        string=string,
        values=dict(getattr(source, "cv_values", {})),
    )
