"""A recipe: the few lines in playbooks/drills that say what a drill is about; the simulator makes a fresh incident of it every time."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import yaml
from pydantic import Field, ValidationError, field_validator, model_validator

from bot.errors import BadInput
from bot.model.drill import Competency, DrillType
from bot.model.value import Value
from bot.simulator.causes import CAUSES
from bot.simulator.stories import names as story_names

RECIPE_BYTES = 64 * 1024  # a recipe is a dozen lines
MOST = 5_000  # recipes in one folder
SEVERITIES = ("low", "mid", "high")
COLLECTED = ("traces", "metrics", "changes", "prompts", "probes", "history")
MINUTES = {"D1": 1, "D2": 3, "D3": 3, "D4": 3, "D5": 10, "D6": 8, "D7": 10, "D8": 8, "D9": 8, "D10": 45}


class Card(Value):
    """A flash card: a question with its one right choice."""

    question: str = Field(max_length=600)
    choices: tuple[str, ...] = Field(min_length=2, max_length=6)
    answer: str
    why: str = Field(max_length=600)

    @model_validator(mode="after")
    def _listed(self) -> Card:
        if self.answer not in self.choices:
            raise ValueError("the answer is not among the choices")
        return self


class Recipe(Value):
    """`name` is the file's; it never says what is wrong. With several causes the seed draws one."""

    name: str
    type: DrillType = DrillType.PAGE
    title: str = Field(default="A page at night", max_length=200)
    cause: tuple[str, ...] = ()
    story: str | None = None  # a story told by hand, in place of a cause
    severity: tuple[str, ...] = ("mid", "high")
    profile: str = "rich"
    sliced: bool | None = None  # limited to a tenant, region or locale; None = as drawn
    herring: bool | None = None  # an innocent change right before it began; None = as drawn
    hidden: tuple[str, ...] = ()  # canonical fields that no service of this product records
    silent: tuple[str, ...] = ()  # kinds of spans without instrumentation
    not_collected: tuple[str, ...] = ()  # parts of the bundle that are not there at all
    group: tuple[str, ...] = ()  # causes that cannot be told apart on this telemetry: naming them together is the best answer
    abstain: bool = False  # on this telemetry the right answer is that it cannot be told
    needs: tuple[str, ...] = ()  # what is missing, as a right answer would call it
    card: Card | None = None
    competencies: tuple[Competency, ...] = ()
    minutes: int | None = None
    told: str = Field(default="", max_length=2000)
    happened: str = Field(default="", max_length=2000)  # for the debrief
    night: object = None  # of stories: when the page comes
    seed: int = 1  # what `drill run --answers` draws when nobody names a seed

    @field_validator("cause", "severity", "hidden", "silent", "not_collected", "group", "needs", mode="before")
    @classmethod
    def _listed(cls, value: object) -> object:
        return [value] if isinstance(value, str) else value

    @model_validator(mode="after")
    def _known(self) -> Recipe:
        _among("cause", self.cause, tuple(CAUSES))
        _among("group", self.group, tuple(CAUSES))
        _among("severity", self.severity, SEVERITIES)
        _among("not_collected", self.not_collected, COLLECTED)
        if self.story is not None:
            _among("story", (self.story,), story_names())
        if not self.cause and self.story is None and self.card is None:
            raise ValueError("needs a cause, a story or a card")
        return self

    @property
    def takes_minutes(self) -> int:
        return self.minutes or MINUTES[self.type.value]


def _among(key: str, said: tuple[str, ...], known: tuple[str, ...]) -> None:
    for one in said:
        if one not in known:
            raise ValueError(f"{key}: {one[:60]!r} is none of {', '.join(known)}")


def read_recipe(path: Path) -> Recipe:
    """`NAME.yaml`, or `NAME/scenario.yaml`. BadInput names file and key."""
    file = path / "scenario.yaml" if path.is_dir() else path
    if not file.is_file():
        raise BadInput("no such recipe" if not path.is_dir() else "there is no scenario.yaml", place=str(path))
    if file.stat().st_size > RECIPE_BYTES:
        raise BadInput(f"longer than {RECIPE_BYTES} bytes", place=str(file))
    try:
        body = yaml.safe_load(file.read_bytes())
    except (yaml.YAMLError, UnicodeDecodeError, ValueError, RecursionError) as error:
        raise BadInput(f"not YAML: {str(error).splitlines()[0] if str(error) else 'too deep'}"[:200], place=str(file)) from None
    if not isinstance(body, Mapping):
        raise BadInput("must be a map with a cause, a story or a card", place=str(file))
    name = path.name if path.is_dir() else path.stem
    try:
        return Recipe.model_validate({**{str(key): value for key, value in body.items()}, "name": name})
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise BadInput(first["msg"].removeprefix("Value error, ")[:400], place=f"{file}: {place}" if place else str(file)) from None


def recipes(folder: Path) -> tuple[Recipe, ...]:
    """Every recipe of a folder, sorted by name; frozen incidents (folders with a bundle.yaml) are not among them."""
    found = [path for path in folder.glob("*.yaml") if path.is_file()]
    found += [path.parent for path in folder.glob("*/scenario.yaml")]
    if len(found) > MOST:
        raise BadInput(f"more than {MOST} recipes", place=str(folder))
    return tuple(sorted((read_recipe(path) for path in found), key=lambda one: one.name))


def frozen(folder: Path) -> tuple[Path, ...]:
    """Bundles with a truth that were frozen from real incidents into this folder."""
    return tuple(sorted(head.parent for head in folder.glob("*/bundle.yaml") if (head.parent / "truth.yaml").is_file()))
