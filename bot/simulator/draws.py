"""Randomness by name: each mechanism draws from its own stream, so that a fault in one does not reshuffle the others.

A run with a fault and the same run without it share every draw: what differs between them is the fault's doing.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np

from bot.model.frame import FloatArray


@dataclass(frozen=True)
class Draws:
    seed: int

    def stream(self, name: str) -> np.random.Generator:
        digest = hashlib.blake2b(name.encode(), digest_size=8).digest()
        return np.random.Generator(np.random.PCG64(np.random.SeedSequence([self.seed, int.from_bytes(digest, "big")])))

    def uniform(self, name: str, n: int) -> FloatArray:
        return self.stream(name).random(n)

    def normal(self, name: str, n: int) -> FloatArray:
        return self.stream(name).standard_normal(n)

    def lognormal(self, name: str, n: int, sigma: float) -> FloatArray:
        """Median 1."""
        return np.exp(sigma * self.normal(name, n))

    def exponential(self, name: str, n: int) -> FloatArray:
        """Mean 1."""
        return -np.log1p(-self.uniform(name, n))
