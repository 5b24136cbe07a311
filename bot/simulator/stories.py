"""Incidents told by hand, replayed from their recipe in seconds (contract: the same folder is scenario, drill, demo and bug report)."""

from __future__ import annotations

from pathlib import Path

import yaml

from bot.errors import BadInput
from bot.simulator.bundle import Story, build
from bot.simulator.tales import TALES

RECIPE_LIMIT = 64 * 1024  # bytes; a recipe is a dozen lines


def names() -> tuple[str, ...]:
    """Every story there is."""
    return tuple(sorted(TALES))


def story(name: str, now: float | None = None) -> Story:
    """Replay a story so that its page arrives at `now` (epoch seconds; None = the story's own night). BadInput if unknown."""
    if name not in TALES:
        raise BadInput(f"no such story; there are {', '.join(names())}", place=name)
    tale = TALES[name](now)
    return build(tale.scenario, tale.profile, tale.extras)


def recipe(folder: Path) -> str:
    """The story that a drill's folder asks for in its scenario.yaml (key `story`). BadInput names file and key."""
    path = folder / "scenario.yaml"
    if not path.is_file():
        raise BadInput("there is no scenario.yaml", place=str(folder))
    if path.stat().st_size > RECIPE_LIMIT:
        raise BadInput(f"longer than {RECIPE_LIMIT} bytes", place=str(path))
    try:
        body = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise BadInput(f"not YAML: {error}", place=str(path)) from None
    name = body.get("story") if isinstance(body, dict) else None
    if name not in TALES:
        raise BadInput(f"`story` must be one of {', '.join(names())}", place=f"{path}: story")
    return str(name)
