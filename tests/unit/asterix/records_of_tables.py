"""The rows of decoded tables as nested dictionaries, so that the bulk path can be held against the live path and the oracle."""

from __future__ import annotations

from typing import Any

import numpy as np

from hil.asterix import RecordTable


def as_dictionaries(table: RecordTable) -> list[dict[str, Any]]:
    """One dictionary per record, in the form of `LiveCodec` but without random field sequencing."""
    records: list[dict[str, Any]] = [{} for _ in range(len(table))]
    for item in table.items:
        kind = table.plan.kind(table.plan.slot(item).index).name
        if "COMPOUND" in kind or (item in table.explicit and any(p.startswith(f"{item}/") for p in table.plan.paths)):
            for row in np.flatnonzero(table.has(item)).tolist():
                _put(records[row], item, {})
    for path, column in table.columns().items():
        for row in np.flatnonzero(table.has(path)).tolist():
            _put(records[row], path, _plain(column[row]))
    for item in table.repeated:
        offsets, columns = table.rep(item)
        for row in np.flatnonzero(table.has(item)).tolist():
            elements = [_element(columns, k) for k in range(offsets[row], offsets[row + 1])]
            _put(records[row], item, elements)
    for item in table.explicit:
        if not any(path.startswith(f"{item}/") for path in table.plan.paths):
            for row, contents in enumerate(table.payloads(item)):
                if table.has(item)[row]:
                    _put(records[row], item, contents)
    return records


def _element(columns: dict[str, Any], index: int) -> Any:
    if list(columns) == [""]:
        return _plain(columns[""][index])
    element: dict[str, Any] = {}
    for path, column in columns.items():
        _put(element, path, _plain(column[index]))
    return element


def _plain(value: Any) -> Any:
    plain = value.item() if isinstance(value, np.generic) and value.dtype.kind != "V" else value
    if isinstance(value, np.void):
        return value.tobytes()
    return plain.decode("latin-1") if isinstance(plain, bytes) else plain


def _put(record: dict[str, Any], path: str, value: Any) -> None:
    *above, name = path.split("/")
    for part in above:
        record = record.setdefault(part, {})
    record[name] = value
