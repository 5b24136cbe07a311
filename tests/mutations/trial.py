"""Runs the cases of one check against its mutants: a mutant is killed when a case no longer ends as it says."""

from __future__ import annotations

import ast
import sys
import types
import warnings
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

import bot.checks
from bot.backends.spans_duckdb import DuckSpans, spans_duckdb
from bot.engine.check import Check, Declared
from bot.model.evidence import Evidence
from tests.checks.expected import ends_as_it_says
from tests.checks.traffic import evidence
from tests.mutations.mutants import KINDS, mutants

CASES = Path(__file__).parents[1] / "checks" / "cases"
CHECKS = Path(bot.checks.__file__).parent
Examples = list[tuple[str, dict[str, Any], Evidence]]


@dataclass(frozen=True)
class Trial:
    """One check: how many mutants of each kind there were, and which of them no case noticed."""

    slug: str
    tried: dict[str, int]
    survivors: tuple[tuple[str, str], ...]  # (kind, name)

    def killed(self, kind: str) -> int:
        return self.tried[kind] - sum(one == kind for one, _ in self.survivors)

    @property
    def unheld(self) -> tuple[str, ...]:
        """Kinds of which the check has mutants and its cases killed none."""
        return tuple(kind for kind in KINDS if self.tried[kind] and not self.killed(kind))


def slugs(layers: Iterable[str] = ()) -> list[str]:
    """Every check of these layers, or of all, that has a case file; sorted."""
    wanted = set(layers)
    return sorted(f"{file.parent.name}.{file.stem}" for file in CASES.rglob("*.yaml") if not wanted or file.parent.name in wanted)


@cache
def cases_of(slug: str) -> dict[str, dict[str, Any]]:
    """Name -> case, in the order of the check's file."""
    layer, name = slug.split(".")
    cases: dict[str, dict[str, Any]] = yaml.load(
        (CASES / layer / f"{name}.yaml").read_text(), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    )
    return cases


class Laid:
    """The cases of one check, each laid out once through a real span engine: a check changes nothing of its evidence."""

    def __init__(self, slug: str, spans: DuckSpans) -> None:
        self.slug = slug
        self._spans = spans
        self._made: dict[str, Evidence] = {}

    async def case(self, told: str) -> tuple[dict[str, Any], Evidence]:
        case = cases_of(self.slug)[told]
        if told not in self._made:
            self._made[told] = await evidence(case, self._spans)
        return case, self._made[told]

    async def examples(self) -> Examples:
        return [(told, *await self.case(told)) for told in cases_of(self.slug)]


async def examples(slug: str) -> Examples:
    """The cases of a check with the evidence of each."""
    async with spans_duckdb(None) as spans:
        return await Laid(slug, spans).examples()


def attempt(slug: str, cases: Examples) -> Trial:
    """Every mutant of a check against its cases. AssertionError when a case fails without any mutation."""
    layer, name = slug.split(".")
    source = (CHECKS / layer / f"{name}.py").read_text()
    unchanged = _noticed(slug, ast.parse(source), cases)
    assert unchanged is None, f"{slug}: the case `{unchanged}` fails without any mutation"
    tried, survivors = dict.fromkeys(KINDS, 0), []
    for one in mutants(source):
        tried[one.kind] += 1
        if _noticed(slug, one.tree, cases) is None:
            survivors.append((one.kind, one.name))
    return Trial(slug, tried, tuple(survivors))


def _noticed(slug: str, tree: ast.Module, cases: Examples) -> str | None:
    """The name of the first case that does not end as it says; None when all do."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a mutant may divide by zero; what counts is what it concludes
        try:
            check = _made(slug, tree)
        except Exception as error:  # a module that does not load is noticed by every case
            return f"not loaded: {type(error).__name__}: {error}"
        for told, case, given in cases:
            try:
                ends_as_it_says(check.examine(given), case)
            except AssertionError:
                return told
    return None


def _made(slug: str, tree: ast.Module) -> Check:
    layer, name = slug.split(".")
    module = types.ModuleType(f"mutant_of_{name}")
    sys.modules[module.__name__] = module  # pydantic looks the module of a class up
    try:
        exec(compile(tree, f"<{slug}>", "exec"), module.__dict__)
    finally:
        del sys.modules[module.__name__]
    one = next(value for value in vars(module).values() if isinstance(value, Declared))
    return Check(slug, layer, one.prior, one.needs, one.limits, one.body, module.__doc__ or "")
