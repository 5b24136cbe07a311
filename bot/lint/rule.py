"""What a rule is: one function over a sheet, found by being there. Its name is its file's name."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum

from bot.lint.sheet import Sheet

CAP = 60  # characters of a stranger's words inside a claim


class Level(StrEnum):
    ERROR = "error"  # the prompt is broken for some request
    WARNING = "warning"  # somebody should look before it goes live
    INFO = "info"  # worth knowing; never a reason to stop a release


@dataclass(frozen=True)
class Hit:
    """`line`: 1-based, of the template that was handed in; what is missing is reported where it would be looked for."""

    line: int
    level: Level
    claim: str


Body = Callable[[Sheet], Iterable[Hit]]


@dataclass(frozen=True)
class Rule:
    """What the decorator leaves behind for the loader, which knows the name."""

    body: Body


def rule(body: Body) -> Rule:
    """Declare a rule: `(sheet) -> hits`, without state."""
    return Rule(body)


def error(line: int, claim: str) -> Hit:
    return Hit(line, Level.ERROR, claim)


def warning(line: int, claim: str) -> Hit:
    return Hit(line, Level.WARNING, claim)


def info(line: int, claim: str) -> Hit:
    return Hit(line, Level.INFO, claim)


def quoted(words: str) -> str:
    """A stranger's words inside a claim: one line, printable, capped."""
    plain = " ".join("".join(sign if sign.isprintable() else " " for sign in words).split())
    return f"`{plain[:CAP]}{'…' if len(plain) > CAP else ''}`"
