"""Messages of a model call -> what can be said about them without keeping them: sizes, hashes, signs. The text is dropped here."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from bot.telemetry.finish import finish
from bot.telemetry.values import CONTENT, digest, dumped, parsed

_MESSAGES = 400  # of one call looked at; longer histories differ only in length, which is counted
_ROLES = frozenset({"system", "developer", "user", "assistant", "tool", "function"})
_SYSTEM = frozenset({"system", "developer"})
_ANSWER = frozenset({"assistant", "model", "ai", "bot"})
_NESTED = 12  # levels of wrappers and parts: the deepest real message has five

UNRESOLVED = re.compile(r"\{\{\s*[A-Za-z_][\w.\-]{0,60}\s*\}\}|\$\{[A-Za-z_][\w.\-]{0,60}\}|<%=?\s*[\w.]{1,60}\s*%>")
"""A variable that the template engine left in place. Single braces are left out: prompts show JSON to the model."""

REFUSAL = re.compile(
    r"^\W{0,3}(i['’]?m sorry,? but|sorry,? but i|i apologi[sz]e,? but|unfortunately,? i)?[\s,]{0,2}"
    r"(i\s?(can['’]?t|cannot|can not|am unable to|am not able to|won['’]?t|will not)|i['’]m (unable|not able) to)"
    r"\s(help|assist|comply|provide|fulfill|fulfil|support|engage|participate|create|generate|share|answer|do that|continue)"
    r"|^\W{0,3}(i must decline|i have to decline|i['’]m going to have to decline|as an ai( language model)?,? i (cannot|can['’]t))",
    re.I,
)
"""Only refusals that open the answer: "I cannot find the order" is an answer, and so is a refusal quoted in one."""


@dataclass(frozen=True)
class Message:
    role: str
    text: str
    finish: str | None = None
    calls: tuple[str, ...] = ()  # names of the tools the model asked for
    refused: bool = False  # the provider's own refusal field


def messages(value: Any, role: str = "", depth: int = 0) -> list[Message]:
    """Any of the shapes messages are recorded in: a list of OpenAI, OpenTelemetry, Anthropic or LangChain messages, one of them,
    a wrapper around them, JSON text of these, or plain text of `role`."""
    value = parsed(value)
    if value is None or value == "" or depth > _NESTED:
        return []
    if isinstance(value, str):
        return [Message(role, value[:CONTENT])]
    if isinstance(value, dict):
        return _of_object(value, role, depth + 1)
    if isinstance(value, list):
        if value and all(isinstance(item, list) for item in value):  # LangChain: a batch of conversations
            value = value[0]
        return [read for item in value[:_MESSAGES] for read in messages(item, role, depth + 1)]
    return [Message(role, dumped(value)[:CONTENT])]


def _of_object(value: dict[str, Any], role: str, depth: int) -> list[Message]:
    for wrapper in ("messages", "choices", "candidates", "generations", "contents"):
        inside = value.get(wrapper)
        if isinstance(inside, list):
            system = messages(value.get("system"), "system", depth) if wrapper == "messages" else []
            return system + [read for item in inside[:_MESSAGES] for read in messages(item, role, depth)]
    held = value.get("message")
    if isinstance(held, dict) and depth <= _NESTED:
        return [_with(message, value) for message in _of_object(held, role, depth + 1)]
    if "kwargs" in value and isinstance(value["kwargs"], dict):  # LangChain's serialised message
        value = {**value["kwargs"], "role": value.get("id")}
    return [_message(value, role)]


def _message(value: dict[str, object], role: str) -> Message:
    kind = value.get("type")
    said = _role(value.get("role") or (kind if _role(kind, "") in _ROLES else None), role)
    body = next(
        (value[key] for key in ("content", "parts", "text", "contents", "tool_result", "response", "output") if value.get(key)), None
    )
    wrote = _text(body)
    calls = _calls(value.get("tool_calls")) + _calls(body)
    refusal = value.get("refusal")
    if isinstance(refusal, str) and refusal:
        wrote = wrote or refusal
    message = Message(
        said, (wrote or ("" if calls or body is not None or "role" in value else dumped(value)))[:CONTENT], None, calls, bool(refusal)
    )
    return _with(message, value)


def _with(message: Message, around: dict[str, object]) -> Message:
    reason = next((around[key] for key in ("finish_reason", "finishReason", "stop_reason", "stopReason") if around.get(key)), None)
    return Message(message.role, message.text, finish(reason) or message.finish, message.calls, message.refused)


def _role(value: object, otherwise: str) -> str:
    if isinstance(value, list):  # LangChain: ["langchain", "schema", "messages", "HumanMessage"]
        value = value[-1] if value else None
    if not isinstance(value, str):
        return otherwise
    word = value[:40].lower().removesuffix("message").removesuffix("chunk").removesuffix("message")
    return {"human": "user", "ai": "assistant", "model": "assistant"}.get(word, word)


def _text(body: object, depth: int = 0) -> str:
    """The texts of a message's parts, joined by newlines."""
    if isinstance(body, str):
        return body
    if depth > _NESTED:
        return ""
    if isinstance(body, list):
        return "\n".join(filter(None, [_text(part, depth + 1) for part in body[:_MESSAGES]]))
    if isinstance(body, dict):
        for key in ("text", "content", "parts", "response", "result", "output"):
            if body.get(key):
                return _text(body[key], depth + 1)
    return ""


def _calls(value: object) -> tuple[str, ...]:
    found: list[str] = []
    for part in value[:_MESSAGES] if isinstance(value, list) else ():
        if isinstance(part, dict) and (part.get("type") in ("tool_call", "tool_use", "function", "tool-call") or "function" in part):
            inner = part.get("function")
            name = inner.get("name") if isinstance(inner, dict) else part.get("name") or part.get("toolName")
            found.append(str(name or "")[:100])
    return tuple(found)


def indexed(entries: Iterable[tuple[int, str, object]]) -> list[Message]:
    """Messages whose fields were flattened into attribute names: (0, "message.content", "...")."""
    gathered: dict[int, dict[str, list[tuple[str, object]]]] = {}
    for index, rest, value in entries:
        field = "tool_calls" if "tool_call" in rest else rest.rpartition(".")[2]
        if "content" in rest and field not in ("content", "role", "type"):
            field = "content" if field in ("text", "") else field
        gathered.setdefault(index, {}).setdefault(field, []).append((rest, value))
    return [_gathered(gathered[index]) for index in sorted(gathered)[:_MESSAGES]]


def _gathered(fields: dict[str, list[tuple[str, object]]]) -> Message:
    def first(name: str) -> object:
        return fields[name][0][1] if name in fields else None

    texts = [_text(parsed(value)) or (value if isinstance(value, str) else "") for _, value in fields.get("content", ())]
    calls = tuple(str(value)[:100] for rest, value in fields.get("tool_calls", ()) if rest.endswith("name"))
    reason = first("finish_reason") or first("stop_reason")
    return Message(_role(first("role"), ""), "\n".join(filter(None, texts))[:CONTENT], finish(reason), calls, bool(first("refusal")))


def about_input(read: Sequence[Message]) -> dict[str, object]:
    """Columns that describe what was sent to the model; empty when nothing was captured."""
    if not read:
        return {}
    system = "\n".join(message.text for message in read if message.role in _SYSTEM)
    template = system or read[0].text
    return {
        "input_chars": sum(len(message.text) for message in read),
        "input_hash": digest("\n".join(f"{message.role}:{message.text}" for message in read)),
        "system_hash": digest(system),
        "prompt_unresolved": len(UNRESOLVED.findall(template)),
        "prompt_render_chars": len(template),
        "history_turns": sum(message.role in _ANSWER for message in read),
    }


def about_output(read: Sequence[Message]) -> dict[str, object]:
    """Columns that describe what the model answered; empty when nothing was captured."""
    if not read:
        return {}
    answer = "\n".join(message.text for message in read)
    reasons = [message.finish for message in read if message.finish]
    return {
        "output_chars": len(answer),
        "output_hash": digest(answer),
        "output_refusal": any(message.refused for message in read) or REFUSAL.search(answer[:400]) is not None,
        "output_repeat_ratio": repeat_ratio(answer),
        "output_invalid_utf8": "\ufffd" in answer,
        "finish": reasons[0] if reasons else None,
    }


def repeat_ratio(answer: str) -> float | None:
    """Share of the answer's word triples that occurred before in it; None below 20 words, where any figure is noise."""
    words = answer[:20_000].split()  # a loop shows well before 20,000 characters
    if len(words) < 20:
        return None
    triples = Counter(zip(words, words[1:], words[2:], strict=False))
    return round(1.0 - len(triples) / (len(words) - 2), 4)
