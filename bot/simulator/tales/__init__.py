"""One file a family of stories; a story is a function from the time of its page to a scenario and the way it is seen."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from bot.simulator.tales import around, cost, model, prompt, search
from bot.simulator.tales.night import contract_edit, healthy, replica_lost, three_percent
from bot.simulator.tales.replay import Replay
from bot.simulator.tales.tale import Tale

REPLAYS: dict[str, Replay] = {**model.REPLAYS, **prompt.REPLAYS, **search.REPLAYS, **cost.REPLAYS, **around.REPLAYS}

TALES: dict[str, Callable[[float | None], Tale]] = {
    "replica-lost": replica_lost,
    "healthy": healthy,
    "contract-edit": contract_edit,
    "three-percent": three_percent,
    **{name: partial(replay.tale, name, 500 + number) for number, (name, replay) in enumerate(REPLAYS.items())},
}
