"""What ranks a runbook and what it takes to name one: fitted numbers, kept with where they are from in calibration.yaml."""

import math
from functools import cache
from pathlib import Path

import yaml

from bot.model.value import Value

FILE = Path(__file__).with_name("calibration.yaml")


class Mix(Value):
    """score = the sum of weight * signal, each signal 0..1; the weights add up to 1."""

    words: float  # BM25 over the whole runbook, as a share of the best a document could have
    opening_words: float  # share of the question's weight that one opening line holds
    opening: float  # cosine of the nearest opening line
    passage: float  # cosine of the nearest passage


class Evidence(Value):
    """What speaks for the runbook that ranks first."""

    margin: float  # its score above those that follow
    words: float
    opening_words: float
    phrases: float  # BM25 over pairs of neighbouring words
    opening: float = 0.0


class Stand(Value):
    """Log-odds that the runbook ranked first is the right one, and the chance below which none is named."""

    bias: float
    weigh: Evidence
    floor: float
    floor_unnamed: float  # the alert has a name, the shelf is named by alerts, and none of them is it

    def chance(self, found: Evidence) -> float:
        """0..1."""
        weights, signals = self.weigh.model_dump(), found.model_dump()
        odds = self.bias + math.fsum(weight * signals[name] for name, weight in weights.items())
        return 1.0 / (1.0 + math.exp(-min(max(odds, -30.0), 30.0)))


class Half(Value):
    mix: Mix
    stand: Stand


class Calibration(Value):
    """`dense` for a shelf with embeddings, `lexical` for one without."""

    version: int
    provenance: dict[str, str | int | float]
    named_shelf: float  # share of runbooks named like alerts above which a missing name says something
    dense: Half
    lexical: Half


@cache
def fitted() -> Calibration:
    return Calibration.model_validate(yaml.safe_load(FILE.read_text(encoding="utf-8")))
