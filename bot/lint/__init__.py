"""Static rules on prompt templates: one file per rule in `rules`, found by being there. Pure: text in, findings out.

Most broken prompts are broken by an edit, so a rule may compare with the predecessor. A rule that cannot tell a slip from an
intention says `info`.
"""

from __future__ import annotations

import importlib
import pkgutil
from dataclasses import dataclass
from functools import cache

from bot.lint import rules
from bot.lint.meta import Meta, read_meta
from bot.lint.rule import Level, Rule
from bot.lint.sheet import Sheet
from bot.lint.template import Template

MOST = 50  # findings of one rule; who has more has one problem, not fifty


@dataclass(frozen=True)
class Finding:
    rule: str
    line: int
    severity: Level
    claim: str


@cache
def load() -> tuple[tuple[str, Rule], ...]:
    """(name, rule), sorted; a file that declares no rule fails here."""
    return tuple((module.name, _declared(module.name)) for module in sorted(pkgutil.iter_modules(rules.__path__), key=lambda one: one.name))


def _declared(name: str) -> Rule:
    module = importlib.import_module(f"{rules.__name__}.{name}")
    declared = [value for value in vars(module).values() if isinstance(value, Rule)]
    if len(declared) != 1:
        raise ImportError(f"{module.__name__} must declare exactly one rule, it declares {len(declared)}")
    return declared[0]


def lint(text: str, was: str | None = None, meta: Meta | None = None) -> tuple[Finding, ...]:
    """A template, its predecessor and what is declared about it -> findings, by line."""
    sheet = Sheet(Template(text), Template(was) if was is not None else None, meta or Meta())
    found = [
        Finding(name, hit.line, hit.level, hit.claim)
        for name, one in load()
        for hit in sorted(one.body(sheet), key=lambda hit: (hit.line, hit.claim))[:MOST]
    ]
    return tuple(sorted(found, key=lambda one: (one.line, one.rule, one.claim)))


__all__ = ["Finding", "Level", "Meta", "lint", "load", "read_meta"]
