"""First-order mutants of the firmware's C: one token changed, as a slip of the pen would. Works on text, knows no more C than that.

Comments, strings, preprocessor lines, tables, the code of the named defects (with what a line that names one opens) and of
faults on purpose are left alone.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

SWAPS = {
    "<": ("<=",),
    "<=": ("<",),
    ">": (">=",),
    ">=": (">",),
    "==": ("!=",),
    "!=": ("==",),
    "&&": ("||",),
    "||": ("&&",),
    "+": ("-",),
    "-": ("+",),
    "*": ("/",),
    "/": ("*",),
    "%": ("/",),
    "<<": (">>",),
    ">>": ("<<",),
    "&": ("|",),
    "|": ("&",),
    "++": ("--",),
    "+=": ("-=",),
    "-=": ("+=",),
    "|=": ("&=",),
    "true": ("false",),
    "false": ("true",),
    "return;": (";",),
    "break;": (";",),
}
TOKEN = re.compile(
    r"""/\*.*?\*/|"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])'|^[ \t]*\#[^\n]*|return;|break;|[A-Za-z_]\w*
    |0[xX][0-9a-fA-F]+[uU]?|\d+\.\d+|\d+[uU]?|<<=|>>=|->|\+\+|--|<<|>>|<=|>=|==|!=|&&|\|\||[-+*/%&|^]=|[-+*/%&|<>!~^?:;=]""",
    re.S | re.M | re.X,
)
BINARY = {"+", "-", "*", "/", "%", "<<", ">>", "&", "|", "<", ">", "<=", ">=", "==", "!=", "&&", "||"}
CALL = re.compile(r"^ {4,}(?:\(void\))?[a-z_]\w*(?:->\w+|\.\w+)*(?:\([^;]*\)| [-+|&]?= [^;]*);$", re.M)
LEFT_OUT = {"uap_tables.c", "upset.c"}  # generated; a fault on purpose


@dataclass(frozen=True)
class Mutant:
    """One change: octets `begin` to `end` of `file` become `new`."""

    file: str
    line: int
    begin: int
    end: int
    old: str
    new: str

    @property
    def name(self) -> str:
        """What was done, in words that stay the same while the lines above it change."""
        return f"{self.file}:{self.line} `{self.old}` → `{self.new}`"

    def apply(self, text: str) -> str:
        """The file's text with the change."""
        return text[: self.begin] + self.new + text[self.end :]


def mutants_of(file: Path) -> Iterator[Mutant]:
    """Every change that this mutator knows of one file."""
    text = file.read_text()
    body, on_purpose = _first_function(text), _on_purpose(text)

    def mutant(begin: int, end: int, new: str) -> Mutant:
        return Mutant(file.name, text.count("\n", 0, begin) + 1, begin, end, text[begin:end].strip(), new)

    for match in TOKEN.finditer(text, body):
        token, line = match.group(), _line(text, match.start())
        if line.startswith(("static ", "#", "}")) or not line.startswith(" ") or match.start() in on_purpose:
            continue
        if token in BINARY and not _is_binary(text, match):
            continue
        for new in SWAPS.get(token, ()):
            yield mutant(match.start(), match.end(), new)
        if re.fullmatch(r"\d+[uU]?", token):
            digits = token.rstrip("uU")
            yield mutant(match.start(), match.end(), str(int(digits) + 1) + token[len(digits) :])
    for match in CALL.finditer(text, body):
        if match.start() not in on_purpose and "\n" not in match.group():
            yield mutant(match.start() + 4, match.end(), ";")


def sample(folder: Path, count: int, seed: int) -> list[Mutant]:
    """`count` mutants of the C files of `folder`, drawn evenly."""
    found = [m for file in sorted(folder.glob("*.c")) if file.name not in LEFT_OUT for m in mutants_of(file)]
    return random.Random(seed).sample(found, min(count, len(found)))


def _first_function(text: str) -> int:
    match = re.search(r"^\{", text, re.M)
    return match.start() if match else len(text)


def _on_purpose(text: str) -> set[int]:
    """Where the code of named defects stands: lines that name one, and what such a line opens, a block or a case."""
    places: set[int] = set()
    at, until = 0, ""
    for line in text.splitlines(keepends=True):
        indent = line[: len(line) - len(line.lstrip())]
        if until and line.startswith(until) and not line.startswith((until + " ", until + "case DEFECT_")):
            until = ""
        if not until and "DEFECT_" in line and "!defect(" not in line and line.rstrip().endswith(("{", ":")):
            until = indent
        elif not until and "DEFECT_" not in line:
            at += len(line)
            continue
        places.update(range(at, at + len(line)))
        at += len(line)
    return places


def _line(text: str, at: int) -> str:
    begin = text.rfind("\n", 0, at) + 1
    return text[begin : text.find("\n", at)]


def _is_binary(text: str, match: re.Match[str]) -> bool:
    """Is an operator between two values, with blanks around it, as this house writes it?"""
    return text[match.start() - 1] == " " and text[match.end()] in " \n" and text[match.start() - 2] not in "(,=?:"
