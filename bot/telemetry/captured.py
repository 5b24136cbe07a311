"""Content that a span captured -> derived columns, whatever attributes the dialect keeps it in. The text itself goes no further."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from bot.telemetry import content, documents
from bot.telemetry.content import Message, messages
from bot.telemetry.conventions import shared
from bot.telemetry.group import Group
from bot.telemetry.values import Column, digest, parsed

_OPEN_FOR_DOCUMENTS = ("retrieval", "tool", "rerank")


def chat(group: Group, asked: Iterable[tuple[str, str]], answered: Iterable[str]) -> None:
    """`asked`: (attribute, role of plain text in it), system first; `answered`: the first present attribute that yields a message."""
    inputs = [(group.attrs[name], role) for name, role in asked if name in group.attrs]
    outputs = [group.attrs[name] for name in answered if name in group.attrs]
    if not inputs and not outputs:
        return
    rows: list[dict[str, object]] = []
    for row, kind in enumerate(group.kinds):
        if kind != "llm":
            rows.append({})
            continue
        sent = [message for values, role in inputs for message in _messages(values[row], role)]
        got = next((read for read in (_messages(values[row], "assistant") for values in outputs) if read), [])
        rows.append({**content.about_input(_once(sent)), **content.about_output(got)})
    spread(group, rows)


def _once(sent: list[Message]) -> list[Message]:
    """A system prompt is often recorded twice: on its own and as the first message."""
    return sent[1:] if len(sent) > 1 and sent[0].text and sent[0] == sent[1] else sent


def _messages(value: object, role: str) -> list[Message]:
    if isinstance(value, list) and value and isinstance(value[0], tuple):
        return content.indexed(value)
    return messages(value, role) if value is not None else []


def tool(group: Group, arguments: Iterable[str], results: Iterable[str]) -> None:
    """Columns of tool arguments and results, on tool and retrieval spans."""
    _each(group, group.values(*arguments), ("tool", "retrieval"), documents.about_arguments)
    _each(group, group.values(*results), ("tool", "retrieval"), documents.about_result)


def retrieved(group: Group, names: Iterable[str]) -> None:
    """Columns of returned documents; a tool whose answer is a list of scored documents counts too (kinds.disguised)."""
    for name in names:
        if name in group.attrs:
            _each(group, group.attrs[name], ("retrieval",), _documents)


def _documents(value: object) -> dict[str, object]:
    if isinstance(value, list) and value and isinstance(value[0], tuple):
        return documents.about_documents(documents.indexed(value))
    return documents.about_documents(documents.found(value))


def hashed(group: Group, column: str, *names: str) -> None:
    values = group.values(*names)
    if values is not None:
        group.put(column, [digest(value) for value in values])


def metadata(group: Group, attribute: str) -> None:
    """A map of the application's own values in one JSON text: those with a canonical name are read, as attributes would be."""
    if attribute not in group.attrs:
        return
    spread(group, [_own(parsed(value)) for value in group.attrs[attribute]])


def _own(held: object) -> dict[str, object]:
    row: dict[str, object] = {}
    if isinstance(held, dict):
        for name, value in list(held.items())[:200]:  # an application has a dozen
            rule = shared(str(name))
            if isinstance(rule, tuple):
                row.setdefault(rule[0], rule[1](value))
            elif rule is not None:
                row.setdefault(rule, value)
    return row


def _each(group: Group, values: Column | None, kinds: tuple[str, ...], by: Callable[[object], dict[str, object]]) -> None:
    if values is not None:
        spread(group, [by(value) if kind in kinds and value is not None else {} for value, kind in zip(values, group.kinds, strict=True)])


def spread(group: Group, rows: list[dict[str, object]]) -> None:
    """A dict a span -> columns."""
    for name in sorted({name for row in rows for name in row}):
        group.put(name, [row.get(name) for row in rows])
