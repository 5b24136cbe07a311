"""Fields that are recorded and say nothing: some instrumentations write `stop` for every finish reason."""

from __future__ import annotations

from bot.model.frame import Frame

ENOUGH = 500  # operations among which at least one other value would be expected


def constant(frame: Frame, column: str) -> bool:
    """Whether a column has one value over so many rows that it cannot be telling the truth."""
    codes = frame.text(column)
    return len(codes.values) == 1 and int(codes.recorded.sum()) >= ENOUGH
