"""What a span's attributes and events say in words: what was asked, what was answered, what a tool was given and gave back.

Dialects keep these under different names; the first name that holds anything is read. Everything is cut to a length a person could read.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from bot.model.step import Utterance
from bot.telemetry import content
from bot.telemetry.content import Message, messages
from bot.telemetry.signs import events_of
from bot.telemetry.values import dumped, inner, parsed, text

MOST_KEYS = 5_000  # attributes of one span; a chat of 400 messages in OpenInference has some 2,000
MOST_MESSAGES = 400
MOST_CHARS = 200_000  # of one message or value: beyond what any rule looks at

_INDEXED = re.compile(r"^(llm\.(?:input|output)_messages|gen_ai\.(?:prompt|completion))\.(\d{1,4})\.(.{1,200})$", re.S)

_ASKED = (
    "llm.input_messages", "gen_ai.prompt", "gen_ai.input.messages", "ai.prompt.messages", "ai.prompt", "langfuse.observation.input",
    "mlflow.spanInputs", "traceloop.entity.input", "input.value", "input",
)  # fmt: skip
_ANSWERED = (
    "llm.output_messages", "gen_ai.completion", "gen_ai.output.messages", "ai.response.text", "langfuse.observation.output",
    "mlflow.spanOutputs", "traceloop.entity.output", "output.value", "output",
)  # fmt: skip
_GIVEN = (
    "gen_ai.tool.call.arguments", "ai.toolCall.args", "tool_arguments", "input.value", "langfuse.observation.input", "mlflow.spanInputs",
    "traceloop.entity.input", "tool.parameters", "tool_call.function.arguments", "input",
)  # fmt: skip
_RETURNED = (
    "gen_ai.tool.call.result", "ai.toolCall.result", "tool_response", "output.value", "langfuse.observation.output", "mlflow.spanOutputs",
    "traceloop.entity.output", "output",
)  # fmt: skip
_CALLS = ("ai.response.toolCalls",)
_OFFERED = ("gen_ai.tool.definitions", "ai.prompt.tools", "llm.tools", "gen_ai.request.tools", "smolagents.tools_names")
_STOPS = ("gen_ai.request.stop_sequences", "llm.invocation_parameters", "input.value")

Json = dict[str, Any]


@dataclass(frozen=True)
class Words:
    asked: tuple[Utterance, ...] = ()
    answered: tuple[Utterance, ...] = ()
    given: str = ""
    returned: str | None = None
    offered: tuple[str, ...] = ()
    ends_at: tuple[str, ...] = ()


def words_of(span: Json, kind: str) -> Words:
    """The words of one OTLP span that has been recognised as `kind`."""
    plain, indexed = _attributes(span)
    if kind == "llm":
        asked = _chat(plain, indexed, _ASKED, "user")
        answered = _chat(plain, indexed, _ANSWERED, "assistant")
        if not asked or not answered:
            sent, got = _events(span)
            asked, answered = asked or sent, answered or got
        system = _utterances(messages(plain.get("gen_ai.system_instructions"), "system"))
        called = tuple(Utterance("assistant", "", _names(plain.get(name))) for name in _CALLS if plain.get(name))
        return Words(system + asked, answered + called, offered=_offered(plain, indexed), ends_at=_stops(plain))
    given, returned = _first(plain, _GIVEN), _first(plain, _RETURNED)
    return Words(given=given or "", returned=returned, offered=_offered(plain, indexed))


def _attributes(span: Json) -> tuple[dict[str, object], dict[str, list[tuple[int, str, object]]]]:
    plain: dict[str, object] = {}
    indexed: dict[str, list[tuple[int, str, object]]] = {}
    held = span.get("attributes")
    for pair in held[:MOST_KEYS] if isinstance(held, list) else ():
        if not isinstance(pair, dict) or not isinstance(pair.get("key"), str):
            continue
        key, value = pair["key"], inner(pair.get("value"))
        found = _INDEXED.match(key)
        if found:
            indexed.setdefault(found[1], []).append((int(found[2]), found[3], value))
        elif key.startswith(("llm.tools.", "smolagents.managed_agents.", "llm.request.functions.")):
            indexed.setdefault("tools", []).append((0, key, value))
        else:
            plain[key] = value
    return plain, indexed


def _chat(plain: Mapping[str, object], indexed: Mapping[str, list[Any]], names: Iterable[str], role: str) -> tuple[Utterance, ...]:
    for name in names:
        read = content.indexed(indexed[name]) if name in indexed else messages(plain[name], role) if name in plain else []
        found = _utterances(read)
        if any(one.text or one.calls for one in found):
            return found
    return ()


def _utterances(read: Iterable[Message]) -> tuple[Utterance, ...]:
    return tuple(Utterance(one.role, one.text[:MOST_CHARS], one.calls) for one in list(read)[:MOST_MESSAGES])


def _events(span: Json) -> tuple[tuple[Utterance, ...], tuple[Utterance, ...]]:
    """Messages that stand in events, as OpenTelemetry wrote them up to 1.36."""
    sent: list[Message] = []
    got: list[Message] = []
    for name, _, held in events_of(span):
        if name in ("gen_ai.choice", "gen_ai.content.completion"):
            got += messages(held.get("gen_ai.completion") or held.get("message") or held, "assistant")
        elif name == "gen_ai.content.prompt":
            sent += messages(held.get("gen_ai.prompt"), "user")
        elif name.startswith("gen_ai.") and name.endswith(".message"):
            sent += messages(held.get("content"), name.split(".")[1])
        elif name == "gen_ai.client.inference.operation.details":
            sent += messages(held.get("gen_ai.input.messages"))
            got += messages(held.get("gen_ai.output.messages"), "assistant")
    return _utterances(sent), _utterances(got)


def _first(plain: Mapping[str, object], names: Iterable[str]) -> str | None:
    for name in names:
        if plain.get(name) is not None:
            value = plain[name]
            return (value if isinstance(value, str) else dumped(value))[:MOST_CHARS]
    return None


def _offered(plain: Mapping[str, object], indexed: Mapping[str, list[tuple[int, str, object]]]) -> tuple[str, ...]:
    found = [name for key in _OFFERED if plain.get(key) for name in _names(plain[key])]
    for _, key, value in indexed.get("tools", ()):
        if key.endswith(".name") and isinstance(value, str):
            found.append(value[:100])
        elif key.endswith(".tool.json_schema"):
            found += _names([value])
    return tuple(dict.fromkeys(found))


def _names(value: object) -> tuple[str, ...]:
    """Names of tools, from definitions or calls of any shape."""
    held = parsed(value)
    found: list[str] = []
    for item in held[:MOST_MESSAGES] if isinstance(held, list) else ():
        one = parsed(item)
        if isinstance(one, str) and len(one) <= 100:
            found.append(one)
        if isinstance(one, dict):
            function = one.get("function")
            name = text((function if isinstance(function, dict) else one).get("name") or one.get("toolName"))
            found += [name] if name else []
    return tuple(found)


def _stops(plain: Mapping[str, object]) -> tuple[str, ...]:
    """Stop sequences of a call: what a model writes after one of them is cut off, and so is the sequence."""
    for name in _STOPS:
        held = parsed(plain.get(name))
        if isinstance(held, dict):
            held = held.get("stop_sequences") or held.get("stop")
        if isinstance(held, list | str) and held:
            return tuple(str(one)[:100] for one in (held if isinstance(held, list) else [held])[:20])
    return ()
