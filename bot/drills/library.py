"""What the library of recipes offers to choose from."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from bot.drills.competencies import competencies
from bot.drills.repetition.choose import Offer
from bot.drills.scenarios.recipe import Recipe, recipes


def offers_in(folder: Path | None) -> tuple[Offer, ...]:
    """Of every recipe in the folder; none without one. BadInput names a recipe that cannot be read."""
    return offers(recipes(folder)) if folder is not None and folder.is_dir() else ()


def offers(library: Iterable[Recipe]) -> tuple[Offer, ...]:
    """One a recipe and cause, by name. A recipe of several look-alikes stands for each of them: its seed draws one."""
    return tuple(sorted({one for recipe in library for one in _of(recipe)}, key=lambda one: (one.scenario, one.cause or "")))


def _of(recipe: Recipe) -> list[Offer]:
    causes: tuple[str | None, ...] = (None,) if recipe.abstain or not recipe.cause else recipe.cause
    trained = recipe.competencies or competencies(recipe.type, recipe.cause)
    return [Offer(recipe.name, recipe.type, cause, tuple(trained)) for cause in causes]
