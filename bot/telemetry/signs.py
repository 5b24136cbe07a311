"""What every dialect's spans carry beside their attributes: status, exceptions, events, flags and the sampler's marks."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from bot.telemetry.content import Message, about_input, about_output, messages
from bot.telemetry.error_class import Symptom, error_class
from bot.telemetry.group import SERVER, Group
from bot.telemetry.values import Column, inner, number, text

_EVENTS = 200  # of one span looked at; OTLP's own default limit is 128
_FIRST_TOKEN = ("first token", "first_token", "firstchunk", "first_chunk", "new_token", "content.completion.chunk")
_RAW = 300  # characters of an error's own words kept: enough to recognise it, too short for a document
_STATUS = {
    1: "ok",
    2: "error",
    "STATUS_CODE_OK": "ok",
    "STATUS_CODE_ERROR": "error",
    "ok": "ok",
    "error": "error",
    "OK": "ok",
    "ERROR": "error",
}
_THRESHOLD = re.compile(r"(?:^|[;,]|ot=)th:([0-9a-f]{1,14})(?=[;,]|$)")

Json = dict[str, Any]


def attributes_of(held: object) -> dict[str, object]:
    """An OTLP attribute list -> name -> value."""
    pairs = held if isinstance(held, list) else ()
    return {pair["key"]: inner(pair.get("value")) for pair in pairs[:200] if isinstance(pair, dict) and isinstance(pair.get("key"), str)}


def events_of(span: Json) -> Iterator[tuple[str, Json, dict[str, object]]]:
    """(name, event, attributes) of a span's events."""
    held = span.get("events")
    for event in held[:_EVENTS] if isinstance(held, list) else ():
        if isinstance(event, dict):
            yield str(event.get("name") or "")[:100], event, attributes_of(event.get("attributes"))


def read_events(group: Group, starts: list[float]) -> list[tuple[str, str]]:
    """Columns that stand in events; returns (exception type, exception message) of each span."""
    thrown = [("", "")] * group.n
    if not any("events" in span for span in group.spans):
        return thrown
    flags: Column = list(group.out.get("flags") or [None] * group.n)
    columns: dict[str, Column] = {}
    for row, span in enumerate(group.spans):
        if not span.get("events"):
            continue
        found = _Events(span, starts[row])
        thrown[row] = found.thrown
        if found.flags:
            flags[row] = {**(flags[row] or {}), **found.flags}
        for name, value in found.columns().items():
            columns.setdefault(name, [None] * group.n)[row] = value
    for name, values in columns.items():
        group.put(name, values)
    group.out["flags"] = flags
    return thrown


class _Events:
    """The events of one span, read."""

    def __init__(self, span: Json, start: float) -> None:
        self.thrown = ("", "")
        self.flags: dict[str, str] = {}
        self.first_token: float | None = None
        self.evaluation: dict[str, object] = {}
        self.asked: list[Message] = []
        self.answered: list[Message] = []
        for name, event, attributes in events_of(span):
            self._read(name, event, attributes, start)

    def _read(self, name: str, event: Json, attributes: dict[str, object], start: float) -> None:
        if name == "exception" or "exception.type" in attributes:
            self.thrown = (text(attributes.get("exception.type")) or "", str(attributes.get("exception.message") or ""))
        elif name.startswith("feature_flag") or "feature_flag.key" in attributes:
            self.flags.update(flag(attributes))
        elif name == "gen_ai.evaluation.result":
            self.evaluation = {
                "evaluator": attributes.get("gen_ai.evaluation.name"),
                "evaluator_value": attributes.get("gen_ai.evaluation.score.value"),
                "evaluator_label": attributes.get("gen_ai.evaluation.score.label"),
            }
        elif any(mark in name.lower() for mark in _FIRST_TOKEN):
            at = number(event.get("timeUnixNano"))
            if self.first_token is None and at is not None and at / 1e9 >= start:
                self.first_token = (at / 1e9 - start) * 1000.0
        elif name.startswith("gen_ai."):
            self._message(name, attributes)

    def _message(self, name: str, attributes: dict[str, object]) -> None:
        if name == "gen_ai.client.operation.exception":
            self.thrown = (text(attributes.get("exception.type")) or "", str(attributes.get("exception.message") or ""))
        elif name in ("gen_ai.choice", "gen_ai.content.completion", "gen_ai.assistant.message"):
            body = attributes.get("gen_ai.completion") or attributes.get("message") or attributes
            read = messages(body, "assistant")
            (self.asked if name == "gen_ai.assistant.message" else self.answered).extend(read)
        elif name == "gen_ai.content.prompt":
            self.asked += messages(attributes.get("gen_ai.prompt"), "user")
        elif name.endswith(".message"):
            self.asked += messages(attributes.get("content"), name.split(".")[1])
        elif name == "gen_ai.client.inference.operation.details":
            self.asked += messages(attributes.get("gen_ai.system_instructions"), "system") + messages(
                attributes.get("gen_ai.input.messages")
            )
            self.answered += messages(attributes.get("gen_ai.output.messages"), "assistant")

    def columns(self) -> dict[str, object]:
        return {
            "ttft_ms": self.first_token,
            **self.evaluation,
            **about_input(self.asked),
            **about_output(self.answered),
        }


def flag(attributes: dict[str, object]) -> dict[str, str]:
    """A feature flag's key and variant, as semantic conventions of any version write them."""
    key = text(attributes.get("feature_flag.key"))
    for name in ("feature_flag.result.variant", "feature_flag.variant", "feature_flag.result.value"):
        variant = text(attributes.get(name))
        if key and variant:
            return {key: variant}
    return {}


def read_flags(group: Group) -> None:
    """Flags written as attributes: the conventions' pair, or one attribute a flag (`flag.x`, `feature_flag.x`, `flags.x`)."""
    named = {
        attribute: attribute.partition(".")[2]
        for attribute in group.attrs
        if attribute.startswith(("flag.", "flags.", "feature_flag.", "app.flag."))
        and attribute
        not in (
            "feature_flag.key",
            "feature_flag.variant",
            "feature_flag.provider.name",
            "feature_flag.context.id",
            "feature_flag.set.id",
            "feature_flag.version",
        )
        and not attribute.startswith(("feature_flag.result.", "feature_flag.provider", "feature_flag.evaluation"))
    }
    if not named and "feature_flag.key" not in group.attrs:
        return
    rows: Column = []
    for row in range(group.n):
        held = {name.removeprefix("flag."): text(group.attrs[attribute][row]) for attribute, name in named.items()}
        pair = {name: values[row] for name, values in group.attrs.items() if name.startswith("feature_flag.")}
        rows.append({**{name: value for name, value in held.items() if value is not None}, **flag(pair)} or None)
    group.out["flags"] = rows


def read_status(group: Group, thrown: list[tuple[str, str]]) -> None:
    """Columns status, error_class and error_raw."""
    states = _states(group)
    types = group.values("error.type", "exception.type", "rpc.jsonrpc.error_code")
    told = group.values("error.message", "exception.message", "otel.status_description")
    http = group.get("http_status")
    suspects = [row for row, state in enumerate(states) if state == "error"]
    if types is not None or "http_status" in group.out:
        servers = [kind == SERVER for kind in group.span_kinds()]
        suspects = [
            row
            for row in range(group.n)
            if states[row] == "error" or (types and types[row] is not None) or _refused(http[row], servers[row])
        ]
    group.out["status"] = states
    if not suspects:
        return
    classes: Column = [None] * group.n
    raw: Column = [None] * group.n
    for row in suspects:
        named = text(types[row]) if types is not None else None
        if named is not None and states[row] == "unset":
            states[row] = "error"
        exception, message = thrown[row]
        said = _joined(message, _message(group.spans[row]), str(told[row] or "") if told is not None else "")
        code = http[row]
        status = int(code) if isinstance(code, float) and code >= 400 else None
        words = " ".join(dict.fromkeys(filter(None, (named, exception))))  # an exception's name says more than _OTHER or a status
        classes[row] = error_class(Symptom(words, status, said, group.kinds[row]))
        raw[row] = ": ".join(filter(None, (words, said)))[:_RAW] or None
    group.put("error_class", classes)
    group.out["error_raw"] = raw


def _states(group: Group) -> Column:
    """ok, error or unset; a status that the dialect wrote itself stands."""
    held = group.fields("status")
    codes = [status.get("code") if type(status) is dict else None for status in held]
    states: Column = [_STATUS.get(code, "unset") if type(code) in (int, str) else "unset" for code in codes]
    own = group.out.get("status")
    return states if own is None else [state if mine is None else mine for mine, state in zip(own, states, strict=True)]


def _refused(code: object, server: bool) -> bool:
    """A server's 4xx is its caller's fault; on any other span it is a failed call."""
    return isinstance(code, float) and code >= (500 if server else 400)


def _joined(*said: str) -> str:
    """What was said, once: a status message often repeats the exception's."""
    kept: list[str] = []
    for one in sorted(filter(None, said), key=len, reverse=True):
        if not any(one in longer for longer in kept):
            kept.append(one)
    return " ".join(kept)


def _message(span: Json) -> str:
    status = span.get("status")
    return str(status.get("message") or "") if isinstance(status, dict) else ""


def read_sampling(group: Group) -> None:
    """`weight` from the probability sampler (OpenTelemetry's, Honeycomb's or Jaeger's mark); spans that a rule kept are marked biased."""
    weights: Column = [1.0] * group.n
    if any("traceState" in span for span in group.spans):
        weights = [weight_of(span.get("traceState")) for span in group.spans]
    rates = group.values("SampleRate", "sample_rate")
    if rates is not None:
        weights = [max(read, 1.0) if (read := number(rate)) is not None else weight for rate, weight in zip(rates, weights, strict=True)]
    kept = group.values("sampling.priority", "tailsampling.policy", "tail_sampling.policy")
    biased: Column = [value is not None for value in kept] if kept is not None else [None] * group.n
    types, params = group.values("sampler.type"), group.values("sampler.param")
    for row in range(group.n if types is not None else 0):
        share = number(params[row]) if params is not None else None
        if types is not None and types[row] == "probabilistic" and share is not None and 0 < share <= 1:
            weights[row] = 1.0 / share
        elif types is not None and types[row] in ("ratelimiting", "remote"):
            biased[row] = True
    group.out["weight"] = weights
    if any(biased):
        group.out["biased_sampling"] = biased


def weight_of(state: object) -> float:
    """`ot=th:8` -> 2.0: the rejection threshold T, 56 bits left-aligned, keeps (2^56 - T) / 2^56 of all traces."""
    if not isinstance(state, str) or "th:" not in state:
        return 1.0
    for member in state[:512].split(","):  # W3C: a tracestate is at most 512 characters
        vendor, _, value = member.strip().partition("=")
        found = _THRESHOLD.search(value) if vendor == "ot" else None
        if found:
            return float(2**56 / (2**56 - int(found[1].ljust(14, "0"), 16)))
    return 1.0
