"""What a page says was measured: "error rate 12 %", "p95 4.8 s", "spend +300 %". A claim is only shown and compared, never believed.

A number is a claim when a metric's name stands within a few words of it and it is not the alert's threshold, a window
("for 10 minutes") or a count of alerts. A threshold is taken when the page gives no other number.
"""

import re
from dataclasses import dataclass

from bot.model.page import Claimed

READ = 2_000  # characters of title and description; the claim stands at the start
BETWEEN = 40  # characters between a metric's name and its number: "error rate on checkout is now at 12 %"
BEHIND = 12  # the same where the name follows: "12 % of the errors"; further away the number belongs to something else

_METRICS: tuple[tuple[str, str], ...] = (  # the longer name first: "error rate" before "errors"
    (
        "error rate",
        r"error[ _-]?(?:rate|ratio|percentage|budget burn)|errors? share|fail(?:ure|ed)(?: request)?[ _-]?(?:rate|ratio)"
        r"|5xx(?: error)?(?: rate)?",
    ),
    ("refusal rate", r"refus(?:al|ed)[ _-]?(?:rate|ratio)?|refusals"),
    ("timeout rate", r"time[- ]?outs?(?:[ _-](?:rate|ratio))?"),
    ("hit rate", r"(?:cache )?hit[ _-]?(?:rate|ratio)"),
    ("success rate", r"success[ _-]?(?:rate|ratio)|availability"),
    ("burn rate", r"burn[ _-]?rate"),
    ("ttft", r"ttft|time[- ]to[- ]first[- ]token"),
    ("p99", r"p99(?:[ _-]?latency)?|99th(?: percentile)?|0\.99"),
    ("p95", r"p95(?:[ _-]?latency)?|95th(?: percentile)?|0\.95"),
    ("p90", r"p90(?:[ _-]?latency)?"),
    ("p50", r"p50(?:[ _-]?latency)?|median(?: latency)?"),
    ("latency", r"latency|response time|duration|slow(?:ness)?"),
    ("spend", r"spend(?:ing)?|costs?|bill(?:ing)?"),
    ("tokens", r"(?:input |output |prompt |completion )?tokens?(?: usage| count| per request)?"),
    ("thumbs down", r"thumbs[- ]down(?:[ _-]rate)?|negative feedback"),
    ("fallback rate", r"fallback[ _-]?(?:rate|ratio)|fallbacks"),
    ("retries", r"retr(?:y|ies)(?:[ _-](?:rate|ratio))?"),
    ("errors", r"errors?|failures?|(?:requests? )?(?:failed|failing|fails?)(?: requests?)?|exceptions?"),
    ("cpu", r"cpu(?:[ _-]?(?:usage|utili[sz]ation))?"),
    ("memory", r"memory(?:[ _-]?(?:usage|utili[sz]ation))?"),
    ("disk", r"disk(?: space)?(?: usage)?"),
    ("queue", r"queue(?: (?:depth|length|lag|size))?|lag|backlog"),
    ("requests", r"requests?(?: rate)?|traffic|throughput|volume"),
    ("share", r"share|proportion|percentage|answers?|responses?|replies|outputs|sessions|conversations|users"),  # of what, the words say
)  # fmt: skip
_NAME = re.compile(r"(?<![\w.-])(?:" + "|".join(f"(?P<m{place}>{words})" for place, (_, words) in enumerate(_METRICS)) + r")(?![\w]|-\w)")
_UNITS: dict[str, str] = {
    "%": "%", "percent": "%", "pct": "%", "ms": "ms", "milliseconds": "ms", "millis": "ms", "s": "s", "sec": "s", "secs": "s",
    "second": "s", "seconds": "s", "min": "min", "minutes": "min", "x": "x", "×": "x", "times": "x", "tokens": "tokens",
    "req/s": "/s", "rps": "/s",
    "/s": "/s", "/min": "/min", "usd": "USD", "$": "USD", "dollars": "USD", "eur": "EUR", "€": "EUR", "gb": "GB", "mb": "MB", "gib": "GiB",
    "k": "k", "errors": "",
}  # fmt: skip
_VALUE = re.compile(
    r"(?<![\w.,:/#-])(?P<sign>[+±-]?)(?P<money>[$€]?)(?P<number>\d{1,12}(?:,\d{3})*(?:\.\d{1,9})?)\s?"
    r"(?P<unit>%|percent\b|pct\b|ms\b|milliseconds\b|millis\b|secs?\b|seconds?\b|s\b|min(?:utes)?\b|x\b|×|times\b|tokens\b|req/s|rps\b|/s\b|/min\b"
    r"|usd\b|eur\b|dollars\b|[gm]i?b\b|k\b|errors\b|[€$])?(?![\w:/-]|\.\d|,\d)"
)
_WINDOW = re.compile(r"(?:\b(?:for|last|past|within|since|every|over|after|in|next|previous)(?: the)?(?: last| past)?|at least)\s*$")
_LIMIT = re.compile(
    r"(?:threshold|limit|target|slo|objective|baseline|normal(?:ly)?|usual(?:ly)?|expected|above|over|below|under|exceed(?:s|ed|ing)?|than|from"
    r"|was|earlier(?: today)?|before|yesterday|[<>]=?|≥|≤|crossed|budget|max(?:imum)?|min(?:imum)?)"
    r"(?: (?:of|is|to|the|at|usual|a|an))*\s*[:=(]?\s*$"
)
_LIMIT_AFTER = re.compile(r"^\s*(?:threshold|limit|slo|target|baseline|budget)\b")
_RISE = re.compile(r"(?:\bup|\bdown|\brose|\bgrew|\bfell|\bincreased?|\bdropped|\bjumped)(?: by| of)?\s*$")
_DURATIONS = frozenset({"s", "ms", "min"})
_TIMED = frozenset({"latency", "p50", "p90", "p95", "p99", "ttft", "queue", "errors", "timeout rate"})
_AMOUNTS = frozenset(
    {"latency", "p50", "p90", "p95", "p99", "ttft", "requests", "tokens", "spend"}
)  # a bare number or a share of these says nothing
ANY_SHARE = "share"  # of answers or people, by whatever else the words say: what is named more closely goes first
_RATES = frozenset(name for name, _ in _METRICS if name.endswith("rate"))


@dataclass(frozen=True)
class _Candidate:
    rank: tuple[int, int, int]
    claim: Claimed


def claim(*texts: str | None) -> Claimed:
    """The best claim of these texts, the earlier text first; empty when there is none."""
    for text in texts:
        found = _candidates((text or "")[:READ].casefold())
        if found:
            return min(found, key=lambda one: one.rank).claim
    return Claimed()


def measured(metric: str | None, value: float | None, unit: str | None = None) -> Claimed:
    """A claim that the vendor gives in fields of their own."""
    if value is None or not abs(value) < 1e15:
        return Claimed()
    return Claimed(
        metric=(metric or "")[:100] or None, value=value, unit=_UNITS.get((unit or "").strip().casefold(), (unit or "")[:20] or None)
    )


def _candidates(text: str) -> list[_Candidate]:
    names = [(hit.start(), hit.end(), _metric(hit)) for hit in _NAME.finditer(text)]
    found = []
    for hit in _VALUE.finditer(text):
        before, after = text[max(0, hit.start() - BETWEEN) : hit.start()], text[hit.end() : hit.end() + BETWEEN]
        unit = _unit(hit)
        if _WINDOW.search(before) and (unit in _DURATIONS or not unit):
            continue
        rise = unit == "%" and bool(hit["sign"] in ("+", "-") or _RISE.search(before))
        value = float(hit["number"].replace(",", "")) * (-1 if hit["sign"] == "-" else 1)
        near = _nearest(names, hit, text, unit, rise)
        if near is None or (not unit and _is_code(near[1], value)):
            continue
        relative = rise and near[1] not in _RATES
        limit = bool(_LIMIT.search(before) or _LIMIT_AFTER.search(after))
        said = Claimed(metric=near[1], value=value, unit="% change" if relative else unit or None)
        found.append(_Candidate((int(limit), int(not unit), near[0]), said))
    return found


def _metric(hit: re.Match[str]) -> str:
    assert hit.lastgroup is not None
    return _METRICS[int(hit.lastgroup[1:])][0]


def _unit(hit: re.Match[str]) -> str:
    return _UNITS.get(hit["unit"] or hit["money"] or "", "")


def _nearest(names: list[tuple[int, int, str]], hit: re.Match[str], text: str, unit: str, rise: bool) -> tuple[int, str] | None:
    """Distance and metric of the closest name in the same sentence that the number fits; one before it wins over one behind it."""
    start, end = hit.span()
    best: tuple[int, str] | None = None
    for begin, stop, metric in names:
        gap, between = (start - stop, text[stop:start]) if stop <= start else (begin - end, text[end:begin])
        if (begin < end and stop > start) or gap > BETWEEN or "\n" in between or ". " in between:
            continue
        if not _fits(metric, unit, rise and metric not in _RATES):
            continue
        distance = (gap if stop <= start else gap + BETWEEN // 2) + (BETWEEN if metric == ANY_SHARE else 0)
        if best is None or distance < best[0]:
            best = (distance, metric)
    return best


def _is_code(metric: str, value: float) -> bool:
    """`504 Gateway Timeout` is no measurement, and a rate without a unit is a share or a percentage."""
    return 400 <= value < 600 or (metric in _RATES and value > 100)


def _fits(metric: str, unit: str, relative: bool) -> bool:
    """A time is not an error rate, and 12 % is no latency unless it is a change of it."""
    if metric == ANY_SHARE:
        return unit == "%" and not relative
    if relative:
        return True
    if unit in _DURATIONS:
        return metric in _TIMED
    if unit in ("USD", "EUR"):
        return metric == "spend"
    if metric in _RATES:
        return unit in ("%", "", "x", "/s", "/min")
    return unit not in ("", "%") or metric not in _AMOUNTS
