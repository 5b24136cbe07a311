"""Measurements made in place of one that is not recorded."""

from __future__ import annotations

from bot.model.finding import Grade, Measured


def stands_in(measured: Measured) -> Measured:
    """What is inferred rather than read is never more than moderate."""
    return measured.model_copy(update={"grade": Grade.MODERATE}) if measured.grade is Grade.STRONG else measured
