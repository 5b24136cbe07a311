"""Numbers as people say them, the same way in every claim."""

from __future__ import annotations

from collections.abc import Mapping

from bot.model.finding import Measured

CAP = 60  # characters of a stranger's name inside a claim


def name(where: Mapping[str, str], otherwise: str) -> str:
    """The cell in words: `kb-search`, `tenant=acme, locale=de`; values of strangers are capped."""
    if not where:
        return otherwise
    plain = ("source_id", "tool", "provider", "prompt_name", "guardrail")
    if len(where) == 1 and next(iter(where)) in plain:
        return next(iter(where.values()))[:CAP]
    return ", ".join(f"{key}={value[:CAP]}" for key, value in sorted(where.items()))


def share(measured: Measured) -> str:
    """`14.8 % (213 of 1440), was 0.31 %`."""
    numbers = measured.numbers
    rate, base, bad, n = numbers.get("rate"), numbers.get("baseline_rate"), numbers.get("bad"), numbers.get("n")
    if not isinstance(rate, int | float) or not isinstance(base, int | float):
        return "not measured"
    counted = f" ({int(bad)} of {int(n)})" if isinstance(bad, int | float) and isinstance(n, int | float) else ""
    return f"{percent(float(rate))}{counted}, was {percent(float(base))}"


def percent(value: float) -> str:
    """Two significant digits below ten percent, one decimal above."""
    if value >= 0.1:
        return f"{value * 100:.1f} %"
    return f"{value * 100:.2g} %" if value > 0 else "0 %"


def times(measured: Measured) -> str:
    """`x2.4 (1.1 s -> 2.6 s)` without units, for a shifted number."""
    ratio, before, after = (measured.numbers.get(key) for key in ("ratio", "median_baseline", "median_current"))
    if not isinstance(ratio, int | float):
        return "not measured"
    if isinstance(before, int | float) and isinstance(after, int | float):
        return f"x{ratio:.2f} (median {before:.4g} -> {after:.4g})"
    return f"x{ratio:.2f}"
