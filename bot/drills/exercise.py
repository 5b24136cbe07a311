"""A drill ready to be played: its incident is made, triaged once, and the key is known."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import yaml

from bot.drills.marking.answers import Answers
from bot.drills.marking.key import Key, Vocabulary
from bot.drills.marking.mark import Mark, mark
from bot.drills.scenarios.draw import draw
from bot.drills.scenarios.recipe import Recipe, read_recipe
from bot.errors import BadInput
from bot.evaluation.answer import Answer
from bot.evaluation.corpus import truth_beside
from bot.evaluation.truth import Truth, read_truth
from bot.model.change import Change
from bot.model.drill import DrillType
from bot.model.page import Page
from bot.model.report import Report, Verdict

TRIES = 4  # draws until the engine's own answer passes: what the telemetry does not show is no fair question
STRIDE = 1_000_003  # between the seeds of those draws


@dataclass(frozen=True)
class Seen:
    """What a triage of the drill's bundle saw. `naive`: the answer of the rule ladder of catalogue 4.6. `received_at`: epoch seconds."""

    page: Page
    report: Report
    changes: tuple[Change, ...] | None
    received_at: float
    naive: Answer


Replay = Callable[[Path], Awaitable[Seen]]
"""Triage a bundle; given by whoever composes the parts."""


@dataclass(frozen=True)
class Exercise:
    """`name`: what people see, without a hint of the answer. `recipe` None: frozen from a real incident."""

    name: str
    scenario: str
    seed: int
    key: Key
    seen: Seen
    recipe: Recipe | None = None

    @property
    def type(self) -> DrillType:
        return self.key.type

    @property
    def minutes(self) -> int:
        return self.recipe.takes_minutes if self.recipe else 10

    def mark(self, answers: Answers) -> Mark:
        return mark(answers, self.key)


@dataclass(frozen=True)
class Workshop:
    """Makes exercises. `folder`: playbooks/drills."""

    folder: Path | None
    replay: Replay
    words: Vocabulary

    async def exercise(self, scenario: str, seed: int | None = None) -> Exercise:
        """By a recipe's name, its file, or a bundle's folder. BadInput names what is wrong."""
        path = self.find(scenario)
        if path.is_dir() and (path / "bundle.yaml").is_file():
            return await self.frozen(path)
        return await self.drawn(read_recipe(path), seed)

    def find(self, scenario: str) -> Path:
        places = [Path(scenario)]
        if self.folder is not None and Path(scenario).name == scenario:
            places = [self.folder / f"{scenario}.yaml", self.folder / scenario, *places]
        found = next((path for path in places if path.exists()), None)
        if found is None:
            raise BadInput("no such scenario: neither a name in playbooks/drills nor a file or folder", place=scenario)
        return found

    async def drawn(self, recipe: Recipe, seed: int | None = None) -> Exercise:
        """From a recipe; drawn again where its telemetry does not show what happened."""
        if recipe.card is not None:
            raise BadInput("a flash card has no incident", place=recipe.name)
        first = recipe.seed if seed is None else seed
        for attempt in range(TRIES):
            made = await self.once(_plainer(recipe, attempt), first + attempt * STRIDE)
            if recipe.story is not None or solved(made):
                return made
        return made

    async def once(self, recipe: Recipe, seed: int) -> Exercise:
        """The very incident of this seed, solvable or not."""
        made = draw(recipe, seed)
        with tempfile.TemporaryDirectory(prefix="midwatch-drill-") as home:
            folder = await asyncio.to_thread(made.write, Path(home) / made.name)
            return await self._of(folder, made.name, recipe.name, seed, recipe)

    async def frozen(self, folder: Path) -> Exercise:
        return await self._of(folder, folder.name, folder.name, 0, None)

    async def _of(self, folder: Path, name: str, scenario: str, seed: int, recipe: Recipe | None) -> Exercise:
        place = truth_beside(folder)
        truth = _as_seen(read_truth(place), recipe)
        raw = yaml.safe_load(place.read_bytes())
        seen = await self.replay(folder)
        kind = recipe.type if recipe else _kind(raw.get("type"))
        key = Key(
            scenario=scenario,
            type=kind,
            truth=truth,
            report=seen.report,
            page=seen.page,
            received_at=seen.received_at,
            changes=seen.changes or (),
            words=self.words,
            seed=seed,
            group=frozenset(_texts(raw.get("group"))),
            needs=_texts(raw.get("needs")),
            happened=str(raw.get("happened") or "")[:2000],
        )
        return Exercise(name, scenario, seed, key, seen, recipe)


def _plainer(recipe: Recipe, attempt: int) -> Recipe:
    """Another draw is as strong as it gets, and from the third on not limited to a slice: small and faint is what cannot be seen."""
    changed: dict[str, object] = {"severity": ("high",)} if attempt else {}
    if attempt >= 2 and recipe.sliced is None:
        changed["sliced"] = False
    return recipe.model_copy(update=changed)


def _as_seen(truth: Truth, recipe: Recipe | None) -> Truth:
    """A slice by a field that nobody records is no fair question."""
    hidden = {path.rpartition(".")[2] for path in recipe.hidden} if recipe else set()
    return replace(truth, slice=None) if hidden & set(truth.slice or {}) else truth


def _kind(said: object) -> DrillType:
    return next((one for one in DrillType if one.value == said), DrillType.PAGE)


def _texts(said: object) -> tuple[str, ...]:
    return tuple(str(one)[:200] for one in said[:50]) if isinstance(said, Sequence) and not isinstance(said, str) else ()


def solved(exercise: Exercise) -> bool:
    """The engine's own answer passes. Where there is something to find, abstaining is no solution."""
    from bot.drills.answered import engine

    answers = engine(exercise.seen.report, exercise.seen.received_at)
    expected = exercise.key.truth.verdict
    return (answers.verdict is not Verdict.INSUFFICIENT or expected is Verdict.INSUFFICIENT) and exercise.mark(answers).passed
