"""What evidence is worth (catalogue 2.2): numbers fitted on simulated incidents, frozen in `calibration.yaml` with their provenance."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.resources import files

import numpy as np
import yaml

from bot.model.finding import Grade, Role
from bot.model.value import Value


class Calibration(Value):
    """Nats and shares of the posterior. `version` changes with every fit; reports carry it in their configuration hash."""

    version: int
    provenance: dict[str, str | int | float] = {}  # split, seeds, n, commit of the fit
    table: dict[Role, dict[Grade, float]]  # nats by role and grade
    temperature: float  # nats are divided by it
    prior_power: float  # 1 = the catalogue's priors as they are, 0 = every cause alike
    none_share: float  # prior of the no-fault verdicts together
    second_in_group: float  # what the next clue on the same signal adds, of its own nats (rule 4)
    instrument: float  # nats more for a strong required test of the instrument itself: a vanished field is not chance
    static: float  # nats more for a strong required test without a z: a text, a setting, an age is read, not estimated
    clarity: float  # nats more for a strong required test at z = 20, in proportion to ln z from the gate at z = 4
    over: float  # nats from a cause whose evidence ended before the page, beside the table's
    holds_most: float  # nats for a cause that carries at least half of the paged excess
    holds_none: float  # nats from one that carries next to none of it while another carries half
    elsewhere: float  # nats from a cause only found around another moment: several were tried
    unseen_moved: float  # nats of "something that no check sees" when the paged signal moved
    unseen_still: float  # and when it did not
    reliability: tuple[tuple[float, float], ...] = ()  # isotonic map, (posterior, share that was right), rising; empty = as it is

    def reliable(self, probability: float) -> float:
        """The posterior as a share of being right, 0..1."""
        if not self.reliability:
            return probability
        raw, right = zip(*self.reliability, strict=True)
        return float(np.interp(probability, raw, right))


def read(text: str) -> Calibration:
    """From YAML; pydantic's ValidationError names what is wrong."""
    document: Mapping[str, object] = yaml.safe_load(text)
    return Calibration.model_validate(document)


FITTED = read(files("bot.engine").joinpath("calibration.yaml").read_text(encoding="utf-8"))
