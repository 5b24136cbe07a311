"""What a report concludes, in words: which layer and cause, since when, for whom, how bad."""

from dataclasses import dataclass
from datetime import datetime

from bot.model.report import Fault, Report, Slice, Verdict
from bot.wording.figures import SUSPECTED, clock, confidence, confidence_word, day_and_clock, duration, number, share
from bot.wording.literal import one_line

LAYERS = {
    "model": "Model",
    "prompt": "Prompt",
    "retrieval": "Retrieval",
    "tool": "Tool",
    "cost": "Cost",
    "infra": "Infrastructure",
    "telemetry": "Telemetry",
    "none": "No fault",
}
ACRONYMS = {"pii": "personal data", "ttft": "time to first token"}  # the parts of cause ids that are no words
NAME = 80  # characters of a cause, a slice value or a reason: longer ones are not names
SLICE_KEYS = 3  # a slice has at most a pair of dimensions; more is a hostile report


@dataclass(frozen=True)
class Conclusion:
    """`title` is the answer; `certainty` says how sure, in numbers and in the words of the catalogue."""

    title: str
    certainty: str


def cause_words(cause: str) -> str:
    """`retrieval.timeout` -> `timeout`; `prompt.pii_in_examples` -> `personal data in examples`."""
    words = cause.rsplit(".", 1)[-1].split("_")
    return one_line(" ".join(ACRONYMS.get(word, word) for word in words), NAME)


def cause_name(cause: str) -> str:
    """`retrieval.error` -> `Retrieval: error`, for lists in which several layers have an `error`."""
    layer, dot, _ = cause.partition(".")
    return f"{layer_word(layer)}: {cause_words(cause)}" if dot else cause_words(cause)


def layer_word(layer: str | None) -> str:
    return LAYERS.get(layer or "", one_line(layer or "unknown layer", NAME))


def conclude(report: Report) -> Conclusion:
    """The verdict line; a cause below .45 is never named."""
    if report.verdict is Verdict.NO_FAULT:
        return _no_fault(report)
    if report.verdict is Verdict.INSUFFICIENT:
        return _insufficient(report)
    if len(report.faults) > 1:
        return _two_faults(report.faults[:2])
    layer = f"layer {confidence(report.layer_confidence)}"
    if report.cause is not None and confidence_word(report.confidence):
        return Conclusion(f"{layer_word(report.layer)}: {cause_words(report.cause)}", f"{layer} · cause {confidence(report.confidence)}")
    if report.group:
        rivals = " or ".join(cause_words(cause) for cause in report.group[:4])
        apart = f"cannot be told apart with these fields ({confidence(report.confidence)} together)"
        return Conclusion(f"{layer_word(report.layer)}: {rivals}", f"{layer} · {apart}")
    return Conclusion(f"{layer_word(report.layer)}: cause unknown", layer)


def _two_faults(faults: tuple[Fault, ...]) -> Conclusion:
    named = [f"{layer_word(fault.layer)}: {cause_words(fault.cause)}" for fault in faults]
    sure = [f"{cause_words(fault.cause)} {confidence(fault.confidence)}, {share(fault.share)} of the excess" for fault in faults]
    return Conclusion(" and ".join(named), "two independent faults · " + " · ".join(sure))


def _no_fault(report: Report) -> Conclusion:
    seen = f"{share(report.observability)} of what can go wrong could be checked"
    if report.cause is None:
        return Conclusion("No fault found", seen)
    return Conclusion(f"No fault found: {cause_words(report.cause)}", f"{confidence(report.confidence)} · {seen}")


def _insufficient(report: Report) -> Conclusion:
    seen = f"only {share(report.observability)} of what can go wrong could be checked"
    if report.layer is not None and report.layer_confidence >= SUSPECTED:
        known = f"{layer_word(report.layer)} layer {confidence(report.layer_confidence)}, cause unknown"
        return Conclusion("Not enough data to name a cause", f"{known} · {seen}")
    return Conclusion("Not enough data to say what failed", seen)


def reasons(report: Report) -> str:
    """Why it abstained, in the engine's own words; empty when it did not say."""
    return "; ".join(one_line(reason, 2 * NAME) for reason in report.reasons[:3])


def since(report: Report, paged_at: datetime | None) -> str:
    """The onset interval and how long before the page that was; empty when no onset was found."""
    onset = report.onset
    if onset is None:
        return ""
    first, last = onset.earliest, onset.latest
    stretch = clock(last) if first == last else f"{first:%H:%M}–{clock(last)}"
    if first.date() != last.date():
        stretch = f"{day_and_clock(first)} – {day_and_clock(last)}"
    elif paged_at is not None and onset.at.date() != paged_at.date():
        stretch = f"{stretch} on {first:%Y-%m-%d}"
    shape = "gradual, began" if onset.shape == "ramp" else "sudden,"
    ago = f", {duration(paged_at - onset.at)} before the page" if paged_at is not None and paged_at > onset.at else ""
    return f"{shape} {stretch}{ago}"


def for_whom(report: Report) -> str:
    """The slice with its shares; the whole traffic is said in so many words."""
    if report.slice is None:
        return "all traffic; no slice stands out" if report.verdict is Verdict.FAULT else ""
    shares = f"{share(report.slice.share_of_traffic)} of traffic, {share(report.slice.share_of_excess)} of the excess"
    return f"{where(report.slice)} ({shares})"


def where(cut_out: Slice) -> str:
    """`source_id = kb-search`, and what is the same set of requests under another name."""
    same = [_cell(other) for other in cut_out.equivalent[:1] if other]
    return _cell(cut_out.where) + (f", the same as {same[0]}" if same else "")


def _cell(cell: dict[str, str]) -> str:
    pairs = [f"{one_line(key, NAME)} = {one_line(value, NAME)}" for key, value in sorted(cell.items())[:SLICE_KEYS]]
    return " and ".join(pairs) or "all traffic"


def impact(report: Report) -> str:
    """`failed requests 1.1 % → 12 % (216 of 1,800, about 196 more than usual)`.

    Of a number `request duration beyond 8,200, where the worst twentieth lay: 5 % → 62 % (...)`.
    """
    seen = report.impact
    signal = one_line(report.signal, NAME)
    if seen.rate is None or seen.total == 0:
        return ""
    if seen.threshold is not None:
        signal += f" beyond {number(seen.threshold)}, where the worst twentieth lay:"
    moved = f"{share(seen.baseline_rate)} → {share(seen.rate)}" if seen.baseline_rate is not None else share(seen.rate)
    more = f", about {seen.excess_bad:,} more than usual" if seen.excess_bad > 0 else ""
    return f"{signal} {moved} ({seen.bad:,} of {seen.total:,}{more})"
