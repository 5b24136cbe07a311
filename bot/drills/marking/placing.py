"""Marks for whom it hit and since when."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime

from bot.drills.marking.answers import Answers
from bot.drills.marking.key import Key
from bot.model.drill import Part
from bot.model.report import Verdict
from bot.model.value import moment, rfc3339
from bot.telemetry.values import seconds

NEAR = 900.0  # seconds: onset within a quarter of an hour (catalogue 5.3)
DAY = 86_400.0
CLOCK = re.compile(r"\b([01]?\d|2[0-3]):([0-5]\d)\b")
AGO = re.compile(r"(\d+(?:\.\d+)?)\s*(s|sec|seconds?|m|min|minutes?|h|hours?|d|days?)\b\s*(?:ago|before|earlier)?", re.IGNORECASE)
UNIT = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": DAY}


def slice_(answers: Answers, key: Key, of: float) -> Part:
    share, why = _slice(answers, key)
    evidence = ("report.slice",) if key.engine_right and key.report.slice is not None else ("truth.slice",)
    return Part(name="slice", points=round(share * of, 1), of=of, why=why, evidence=evidence)


def _slice(answers: Answers, key: Key) -> tuple[float, str]:
    said, told = answers.slice, answers.slice is not None or bool(answers.slice_text)
    if key.truth.verdict is not Verdict.FAULT:
        claims_part = bool(said) and not _fits(answers, [key.truth.slice or {}])
        return (0.0, "there is no fault whose slice could be named") if claims_part else (1.0, "no slice to name")
    candidates = _candidates(key)
    wanted = " and ".join(f"{name}={value}" for name, value in sorted((key.truth.slice or {}).items())) or "everybody"
    if not told:
        return 0.0, f"not answered; it was {wanted}"
    if not key.truth.slice and said == {}:
        return 1.0, "right: everybody"
    fit = _fits(answers, candidates)
    if fit == 1.0:
        return 1.0, f"right: {wanted}" if key.truth.slice else "right: what the telemetry shows"
    return (0.5, f"part of it; it was {wanted}") if fit else (0.0, f"it was {wanted}")


def _candidates(key: Key) -> list[Mapping[str, str]]:
    """The true slice, and those that hold the very same requests."""
    found: list[Mapping[str, str]] = [key.truth.slice] if key.truth.slice else []
    if key.engine_right and key.report.slice is not None:
        found += [key.report.slice.where, *key.report.slice.equivalent]
    return found


def _fits(answers: Answers, candidates: list[Mapping[str, str]]) -> float:
    best = 0.0
    text = answers.slice_text.casefold()
    for one in candidates:
        if not one:
            continue
        hits = sum(any(_held(part, text) for part in value.split("|")) for value in one.values())
        named = answers.slice if answers.slice else one
        exact = hits == len(one) and len(named) <= len(one)
        best = max(best, 1.0 if exact else 0.5 if hits else 0.0)
    return best


def _held(value: str, text: str) -> bool:
    """The value as a word of the text: `us` is not in `status`."""
    return re.search(rf"(?<![\w.-]){re.escape(value.strip().casefold())}(?![\w-])", text) is not None


def onset(answers: Answers, key: Key, of: float) -> Part:
    share, why = _onset(answers, key)
    evidence = ("report.onset" if key.engine_right else "truth.onset",)
    return Part(name="onset", points=round(share * of, 1), of=of, why=why, evidence=evidence)


def _onset(answers: Answers, key: Key) -> tuple[float, str]:
    truth = key.truth
    said = when(answers.onset, key.received_at)
    if truth.verdict is not Verdict.FAULT or truth.onset is None:
        if said is None or (truth.onset is not None and abs(said - truth.onset) <= NEAR):
            return 1.0, "no onset to name"
        return 0.0, "nothing began then"
    wanted = rfc3339(moment(truth.onset))
    if not answers.onset:
        return 0.0, f"not answered; it began {wanted}"
    if said is None:
        return 0.0, f"no time can be read in it; it began {wanted}"
    off = abs(said - truth.onset)
    if off <= NEAR:
        return 1.0, f"right: {off / 60:.0f} min from {wanted}"
    if _indistinguishable(said, key):
        return 1.0, f"as near as the telemetry shows it; it began {wanted}"
    return 0.0, f"{off / 60:.0f} min off; it began {wanted}"


def _indistinguishable(said: float, key: Key) -> bool:
    """A ramp shows later than it begins, and what began before the first trace cannot be dated by it."""
    truth, report = key.truth, key.report
    first = report.chart[0].at if report.chart else None
    if first is not None and truth.onset is not None and truth.onset < first:
        return said <= first + NEAR
    if not key.engine_right or report.onset is None or truth.shape == "step":
        return False
    return report.onset.earliest.timestamp() - NEAR <= said <= report.onset.latest.timestamp() + NEAR


def when(text: str, now: float) -> float | None:
    """`2026-03-01T22:04:00Z`, `22:04` (the last one before the page), `4 h ago`, epoch seconds -> epoch seconds; None: no time in it."""
    text = text.strip()
    if not text:
        return None
    if re.fullmatch(r"\d{9,11}(?:\.\d+)?", text):
        return float(text)
    iso = re.search(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:?\d\d)?", text)
    if iso is not None:
        return _instant(iso[0])
    clock = CLOCK.search(text)
    if clock is not None:
        today = datetime.fromtimestamp(now, tz=UTC).replace(hour=int(clock[1]), minute=int(clock[2]), second=0, microsecond=0).timestamp()
        return today if today <= now + 60 else today - DAY
    ago = AGO.search(text)
    return now - float(ago[1]) * UNIT[ago[2][0].lower()] if ago is not None else None


def _instant(text: str) -> float | None:
    """A time without a zone is taken as UTC."""
    text = text.replace(" ", "T")
    if re.search(r"T\d\d:\d\d(?!:)", text):
        text = re.sub(r"(T\d\d:\d\d)(?!:\d)", r"\1:00", text)
    try:
        at = datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError:
        return seconds(text)
    return (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp()
