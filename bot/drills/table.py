"""From the name of a drill to what is played: an incident with its rubric, or one of the short drills."""

from __future__ import annotations

from bot.drills.exercise import STRIDE, TRIES, Exercise, Workshop
from bot.drills.quiz import QUIZZES, Quiz, card, pair, rollback, windows
from bot.drills.reading import trace_read
from bot.drills.scenarios.recipe import Recipe, read_recipe
from bot.errors import BadInput
from bot.model.drill import DrillType

Drill = Exercise | Quiz


async def laid(shop: Workshop, scenario: str, seed: int | None = None) -> Drill:
    """The drill, ready to be played. BadInput names what is wrong with it."""
    path = shop.find(scenario)
    if path.is_dir() and (path / "bundle.yaml").is_file():
        return await shop.frozen(path)
    return await of_recipe(shop, read_recipe(path), seed)


async def of_recipe(shop: Workshop, recipe: Recipe, seed: int | None = None) -> Drill:
    if recipe.type not in QUIZZES:
        return await shop.drawn(recipe, seed)
    if recipe.type is DrillType.FLASH_CARD:
        return card(recipe)
    if recipe.type is DrillType.PAIRS:
        return await _pair(shop, recipe, recipe.seed if seed is None else seed)
    first = recipe.seed if seed is None else seed
    for attempt in range(TRIES):
        made = await shop.drawn(recipe, first + attempt * STRIDE * TRIES)
        try:
            if recipe.type is DrillType.TRACE_READ:
                return trace_read(made, recipe)
            return rollback(made, recipe) if recipe.type is DrillType.ROLLBACK else windows(made, recipe)
        except BadInput:
            if attempt == TRIES - 1:
                raise
    raise AssertionError("the last attempt returns or raises")


async def _pair(shop: Workshop, recipe: Recipe, seed: int) -> Quiz:
    """Two causes of the recipe, one incident each; the seed says which of them is A."""
    if len(recipe.cause) < 2:
        raise BadInput("a pair needs two causes", place=recipe.name)
    turned = seed % 2
    a, b = (recipe.cause[turned], recipe.cause[1 - turned])
    first = await shop.drawn(recipe.model_copy(update={"cause": (a,), "name": f"{recipe.name}/A"}), seed)
    second = await shop.drawn(recipe.model_copy(update={"cause": (b,), "name": f"{recipe.name}/B"}), seed)
    return pair(first, second, recipe)
