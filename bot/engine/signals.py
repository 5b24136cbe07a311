"""The signals a page can be about: yes/no per request, or a number per request; and which of them the page's words mean."""

from __future__ import annotations

import re
from collections.abc import Callable, Container, Mapping
from dataclasses import dataclass

import numpy as np

from bot.engine.failing import failed
from bot.model.frame import EMPTY, BoolArray, FloatArray, Frame
from bot.model.page import Page

Ops = Mapping[str, Frame]


@dataclass(frozen=True)
class Signal:
    """A signal by name: the bad requests among those on which it can be seen, or a number per request."""

    name: str
    words: str  # as people read it: "failed requests"
    bad: BoolArray | None = None
    seen: BoolArray | None = None
    value: FloatArray | None = None


def _flag(column: str) -> Callable[[Frame, Ops], tuple[BoolArray, BoolArray]]:
    def read(requests: Frame, ops: Ops) -> tuple[BoolArray, BoolArray]:
        return requests.true(column), requests.recorded(column)

    return read


def _marked(kind: str, rows: Callable[[Frame], BoolArray]) -> Callable[[Frame, Ops], tuple[BoolArray, BoolArray]]:
    """Requests with at least one marked operation of a kind, among requests that have any of that kind."""

    def read(requests: Frame, ops: Ops) -> tuple[BoolArray, BoolArray]:
        frame = ops.get(kind, EMPTY)
        return _requests(requests.n, frame, rows(frame)), _requests(requests.n, frame, np.ones(frame.n, dtype=np.bool_))

    return read


def _requests(n: int, frame: Frame, rows: BoolArray) -> BoolArray:
    marked = np.zeros(n, dtype=np.bool_)
    at = np.nan_to_num(frame.number("request")[rows], nan=-1).astype(np.int64)
    marked[at[at >= 0]] = True
    return marked


def _negative(requests: Frame, ops: Ops) -> tuple[BoolArray, BoolArray]:
    unhappy = (requests.number("feedback_thumb") < 0) | requests.true("feedback_re_ask") | requests.true("feedback_escalated")
    return unhappy, requests.recorded("feedback_thumb") | requests.recorded("feedback_re_ask") | requests.recorded("feedback_escalated")


def _mean_of(kind: str, column: str) -> Callable[[Frame, Ops], FloatArray]:
    """Per request, the mean over its operations of a kind; NaN for a request that has none."""

    def read(requests: Frame, ops: Ops) -> FloatArray:
        frame = ops.get(kind, EMPTY)
        value, at = frame.number(column), np.nan_to_num(frame.number("request"), nan=-1).astype(np.int64)
        known = (at >= 0) & ~np.isnan(value)
        n = np.bincount(at[known], minlength=requests.n).astype(np.float64)
        total = np.bincount(at[known], weights=value[known], minlength=requests.n)
        mean: FloatArray = np.divide(total, n, out=np.full(requests.n, np.nan), where=n > 0)
        return mean

    return read


BINARY: dict[str, tuple[str, Callable[[Frame, Ops], tuple[BoolArray, BoolArray]]]] = {
    "failed": ("failed requests", _flag("failed")),
    "degraded": ("degraded requests", _flag("degraded")),
    "llm_error": ("requests with a failed model call", _marked("llm", failed)),
    "retrieval_error": ("requests with a failed retrieval", _marked("retrieval", failed)),
    "embedding_error": ("requests with a failed embedding call", _marked("embedding", failed)),
    "tool_error": ("requests with a failed tool call", _marked("tool", failed)),
    "parse_failed": ("requests whose output did not parse", _flag("parse_failed")),
    "refusal": ("refused requests", _flag("refusal")),
    "guardrail_blocked": ("requests blocked by a guardrail", _flag("guardrail_blocked")),
    "empty_retrieval": ("requests that found no documents", _flag("empty_retrieval")),
    "partial": (
        "requests with partial search results",
        _marked("retrieval", lambda f: f.true("partial") | (f.number("shards_failed") > 0)),
    ),
    "tool_empty": ("requests with an empty tool result", _marked("tool", lambda f: f.true("tool_result_empty"))),
    "tool_rejected": ("requests with rejected tool arguments", _marked("tool", lambda f: f.number("tool_args_valid") == 0)),
    "cut_off": ("requests whose output was cut off", _marked("llm", lambda f: f.equals("finish", "length", "context_window"))),
    "prompt_unresolved": ("requests with unresolved prompt variables", _flag("prompt_unresolved")),
    "lang_mismatch": ("requests answered in another language", _flag("lang_mismatch")),
    "policy_hit": ("requests that violated a policy", _flag("policy_hit")),
    "feedback": ("unhappy users", _negative),
    "cache_hit": ("requests answered from a cache", _flag("cache_hit")),
    "orphans": ("traces with orphan spans", lambda r, o: (r.number("orphans") > 0, r.recorded("orphans"))),
}

NUMERIC: dict[str, tuple[str, Callable[[Frame, Ops], FloatArray]]] = {
    "duration": ("request duration", lambda r, o: r.number("duration_ms")),
    "ttft": ("time to first token", lambda r, o: r.number("user_ttft_ms")),
    "cost": ("cost per request", lambda r, o: r.number("cost_usd")),
    "tokens_input": ("input tokens per request", lambda r, o: r.number("tokens_input")),
    "tokens_output": ("output tokens per request", lambda r, o: r.number("tokens_output")),
    "calls": ("model calls per request", lambda r, o: r.number("n_llm")),
    "quality": ("evaluation score", lambda r, o: r.number("eval_mean")),
    "similarity": ("similarity of the best document", _mean_of("retrieval", "score_top")),
}

BETTER_HIGH = (NUMERIC["quality"][0], NUMERIC["similarity"][0])
"""Of these a fall is what people are paged for."""

LANGUAGES = (
    "english|german|french|spanish|italian|portuguese|dutch|polish|czech|swedish|danish|norwegian|finnish|greek|turkish|russian|ukrainian|"
    "arabic|hebrew|hindi|chinese|mandarin|japanese|korean|vietnamese|thai|indonesian"
)
MONEY = frozenset({"USD", "EUR"})  # units of a claim
VOLUME = r"requests? (per|volume|count)|volume|traffic|throughput|\brps\b|\bqps\b|\bload\b"  # how many ask: nothing that is bad by itself


@dataclass(frozen=True)
class Meaning:
    """What a word of a page means. `own`: signals it names; `alike`: what often moves with them and says nothing where it does not."""

    pattern: str
    own: tuple[str, ...]
    alike: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        return (*self.own, *self.alike)


HINTS: tuple[Meaning, ...] = (
    Meaning(r"ttft|first.?token|hangs", ("ttft", "duration")),
    Meaning(r"(output|completion|response).?tokens?|verbos|longer answers|answers? (got|are|is) long", ("tokens_output",), ("cost",)),
    Meaning(r"(input|prompt|context).?tokens?", ("tokens_input",), ("cost",)),
    Meaning(
        r"empty|nothing found|couldn.t find|(no|without|zero).?(results?|documents?|hits|answers?)\b",
        ("empty_retrieval", "tool_empty", "refusal"),
    ),
    Meaning(r"truncat|cut.?off", ("cut_off",), ("parse_failed",)),
    Meaning(r"\bpars|\bunpars|json|schema|structured|\bformat", ("parse_failed",), ("failed",)),
    Meaning(r"safety|policy|t&s|should (have|be) (declin|refus|block)", ("policy_hit",), ("refusal",)),
    Meaning(r"(?<!have )(?<!been )(?<!be )(refus|declin|block)|can.t help", ("refusal", "guardrail_blocked"), ("failed",)),
    Meaning(rf"language|locale|translat|\b({LANGUAGES})\b", ("lang_mismatch",)),
    Meaning(
        r"garbl|gibberish|corrupt|mojibake|foreign (char|letter|script)|nonsense|(strange|odd|weird) char",
        ("lang_mismatch",),
        ("feedback",),
    ),
    Meaning(r"retriev|\bsearch|vector|\bindex", ("retrieval_error", "embedding_error", "empty_retrieval", "partial")),
    Meaning(r"\btool|function call", ("tool_error", "tool_rejected", "tool_empty")),
    Meaning(r"model call|llm|provider|gateway", ("llm_error",)),
    Meaning(r"latency|slow|p9[59]|duration|timeout", ("duration", "ttft"), ("failed",)),
    Meaning(r"cost|spend|\bbill|invoice|budget|\$", ("cost", "tokens_input", "tokens_output"), ("calls",)),
    Meaning(r"token", ("tokens_input", "tokens_output"), ("cost",)),
    Meaning(r"score|faithful|grounded|\beval|relevan", ("quality",), ("feedback", "similarity")),
    Meaning(r"quality|(wrong|bad|poor|outdated|stale) (answer|repl|document)", ("quality", "feedback"), ("similarity",)),
    Meaning(r"feedback|thumbs|complain|csat", ("feedback",), ("quality",)),
    Meaning(r"error|fail|5xx|degraded|availability|success", ("failed", "degraded"), ("llm_error", "tool_error", "retrieval_error")),
)
"""Words of a page, the most telling first; the last says only that something fails. What they mean is chosen among signals that moved."""

RULES = ("alertname", "alert_name", "rule", "rulename", "rule_name", "monitor", "monitor_name", "alarm", "alarmname")
"""Labels in which alerting systems name the rule that fired."""

MEASURED = ("metric", "metric_name", "metricname", "class", "sli", "slo", "signal", "indicator")
"""Labels in which they name what it measures."""


def signals(requests: Frame, ops: Ops) -> dict[str, Signal]:
    """Every signal that is recorded at all, in a fixed order."""
    found: dict[str, Signal] = {}
    for name, (words, read) in BINARY.items():
        bad, seen = read(requests, ops)
        if seen.any():
            found[name] = Signal(name, words, bad & seen, seen)
    for name, (words, number) in NUMERIC.items():
        value = number(requests, ops)
        if not np.isnan(value).all():
            found[name] = Signal(name, words, value=value)
    return found


def meant(page: Page) -> tuple[Meaning, ...]:
    """What the page's words may mean, the most telling first.

    What the rule is called tells more than the sentence somebody wrote for it, and that more than its description; that something
    fails or is degraded is the least telling wherever it stands.
    """
    places = _places(page)
    return tuple(one for hints in (HINTS[:-1], HINTS[-1:]) for text in places for one in hints if re.search(one.pattern, text))


def hinted(page: Page) -> tuple[str, ...]:
    """The signals of these meanings, best first; empty when the words say nothing we know."""
    return tuple(dict.fromkeys(name for one in meant(page) for name in one.names))


def unseen(page: Page, recorded: Container[str]) -> tuple[str, ...]:
    """Signals that the page names while none of their kind is recorded: of the rule and the title each, else of what else it says."""
    *headed, _ = (_meanings(text) for text in _places(page))
    named = [one for found in headed for one in found] or list(meant(page)[:1])
    blind = [one for one in named if not any(name in recorded for name in one.own)]
    return tuple(dict.fromkeys(name for one in blind for name in one.own))


def _meanings(text: str) -> list[Meaning]:
    return [one for one in HINTS[:-1] if re.search(one.pattern, text)]


def readable(page: Page) -> bool:
    """Whether the words say what the page is about, if only how many ask."""
    return bool(meant(page)) or any(re.search(VOLUME, text) for text in _places(page))


def _places(page: Page) -> list[str]:
    """The rule's name with what it measures, the title and the description, in small letters, `NoAnswerRate` in its words.

    The product's own name says nothing of what is wrong with it.
    """
    told = sorted((name.casefold(), value) for name, value in page.labels.items())
    rule = " ".join((page.claimed.metric or "", *(value for name, value in told if name in RULES or name in MEASURED)))
    if page.claimed.unit in MONEY:
        rule += " spend"
    texts = (text.replace(page.service, " ") if page.service else text for text in (rule, page.title, page.description))
    return [re.sub(r"(?<=[a-z])(?=[A-Z])", " ", text).casefold() for text in texts]
