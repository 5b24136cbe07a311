"""What Slack accepts, checked on every outgoing payload, and how a payload that is too large is made to fit.

Numbers: Slack's Block Kit reference, slack_sdk's validators and slackblocks' registry; the whole-payload budget was found
by others, not documented (slackapi/bolt-js#2509).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from bot.errors import Refused
from bot.slack.blocks.kit import Json, Message, plain
from bot.wording.literal import cut, units

MESSAGE_BLOCKS = 50  # blocks in one message
VIEW_BLOCKS = 100  # blocks in one modal
PAYLOAD = 12_000  # characters over all blocks: `msg_blocks_too_long` comes near 13,200
SUMMARY = 4_000  # characters of the top-level text: above that Slack advises against, above 40,000 it cuts
ID = 255  # block_id, action_id, callback_id
TITLE = 24  # title, submit and close of a modal
PRIVATE_METADATA = 3_000
HEADER = 150
SECTION = 3_000
FIELDS, FIELD = 10, 2_000
CONTEXT_ELEMENTS = 10
ACTIONS = 25
BUTTON, BUTTON_VALUE, SPOKEN = 75, 2_000, 75
LABEL = 2_000  # label and hint of an input
TYPED = 3_000  # max_length of a text input
OPTIONS, GROUPS = 100, 100
OPTION, OPTION_VALUE, PLACEHOLDER = 75, 150, 150
TEXT = 3_000  # any other text object, and one literal stretch of rich text
METADATA = 8_000  # characters of event_payload

MESSAGE_TYPES = frozenset({"header", "section", "context", "actions", "divider", "image", "rich_text", "input", "file"})
VIEW_TYPES = MESSAGE_TYPES - {"file"}
# What goes first when a message is too large; heading and verdict never go.
SPARE = ("line", "narration", "footer", "facts", "runbook", "unknown", "evidence", "buttons", "action", "progress")


class TooLarge(Refused):
    """A payload breaks Slack's limits."""


def problems(
    blocks: Sequence[Json], text: str | None, *, most: int = MESSAGE_BLOCKS, types: frozenset[str] = MESSAGE_TYPES
) -> tuple[str, ...]:
    """What Slack would refuse, each with its place; empty for a legal payload. `text` None = a view, which has none."""
    return tuple(_problems(blocks, text, most, types))


def view_problems(view: Json) -> tuple[str, ...]:
    """As problems, for a modal."""
    found = [f"{key}: over {TITLE}" for key in ("title", "submit", "close") if units(_text_of(view.get(key))) > TITLE]
    found += [] if len(str(view.get("private_metadata", ""))) <= PRIVATE_METADATA else ["private_metadata: over 3000"]
    found += [] if len(str(view.get("callback_id", ""))) <= ID else ["callback_id: over 255"]
    return (*found, *_problems(_objects(view.get("blocks")), None, VIEW_BLOCKS, VIEW_TYPES))


def fit(message: Message, *, strict: bool = False) -> Message:
    """A legal message that still has its text, its heading and its verdict. `strict` raises TooLarge instead of trimming."""
    found = problems(message.blocks, message.text)
    if not found:
        return message
    if strict:
        raise TooLarge("; ".join(found[:5]))
    fitted = Message(text=cut(message.text, SUMMARY) or "-", blocks=tuple(_trimmed(block) for block in message.blocks))
    for name in (None, *SPARE):
        fitted = replace(fitted, blocks=tuple(block for block in fitted.blocks if name is None or part(block) != name))
        if not problems(fitted.blocks, fitted.text):
            return fitted
    fitted = replace(fitted, blocks=_first(fitted.blocks))
    return fitted if not problems(fitted.blocks, fitted.text) else _bare(fitted.text)


def fit_view(view: Json, *, strict: bool = False) -> Json:
    """A legal modal: blocks are trimmed, then dropped from the end."""
    found = view_problems(view)
    if not found:
        return view
    if strict:
        raise TooLarge("; ".join(found[:5]))
    blocks = [_trimmed(block) for block in _objects(view.get("blocks"))][:VIEW_BLOCKS]
    fitted = {**view, "private_metadata": str(view.get("private_metadata", ""))[:PRIVATE_METADATA]}
    fitted |= {key: plain(cut(_text_of(view[key]), TITLE)) for key in ("title", "submit", "close") if key in view}
    while blocks and view_problems({**fitted, "blocks": blocks}):
        blocks.pop()
    return {**fitted, "blocks": blocks or [{"type": "section", "text": plain("Too large to show here.")}]}


def part(block: Json) -> str:
    """`verdict.1f3a...` -> `verdict`: which part of the card a block is."""
    return str(block.get("block_id", "")).split(".", 1)[0]


def _problems(blocks: Sequence[Json], text: str | None, most: int, types: frozenset[str]) -> Iterator[str]:
    if text is not None and not text.strip():
        yield "text: empty"
    if text is not None and units(text) > SUMMARY:
        yield f"text: over {SUMMARY}"
    if not 1 <= len(blocks) <= most:
        yield f"blocks: {len(blocks)}, not 1 to {most}"
    ids = [block["block_id"] for block in blocks if "block_id" in block]
    if len(set(map(str, ids))) < len(ids):
        yield "block_id: used twice"
    if (size := sum(weight(block) for block in blocks)) > PAYLOAD:
        yield f"blocks: {size} characters, over {PAYLOAD}"
    for row, block in enumerate(blocks):
        if block.get("type") not in types:
            yield f"blocks[{row}]: type {block.get('type')!r} does not belong here"
        yield from (f"blocks[{row}].{told}" for told in _block_problems(block))


def _block_problems(block: Json) -> Iterator[str]:
    kind = block.get("type")
    if units(str(block.get("block_id", "")) or "-") > ID:
        yield "block_id: over 255"
    if kind == "header":
        yield from _sized("text", block.get("text"), HEADER)
    elif kind == "section":
        yield from _section_problems(block)
    elif kind == "context":
        yield from _counted("elements", block.get("elements"), CONTEXT_ELEMENTS)
        for element in _objects(block.get("elements")):
            yield from _sized("elements.text", element, TEXT)
    elif kind == "actions":
        yield from _counted("elements", block.get("elements"), ACTIONS)
        for element in _objects(block.get("elements")):
            yield from _element_problems(element)
    elif kind == "input":
        yield from _sized("label", block.get("label"), LABEL)
        yield from _element_problems(_object(block.get("element")))
    elif kind == "rich_text":
        yield from _rich_problems(block)


def _section_problems(block: Json) -> Iterator[str]:
    if "text" in block:
        yield from _sized("text", block["text"], SECTION)
    if "fields" in block:
        yield from _counted("fields", block["fields"], FIELDS)
        for field in _objects(block["fields"]):
            yield from _sized("fields.text", field, FIELD)
    if "text" not in block and "fields" not in block:
        yield "text: absent"


def _element_problems(element: Json) -> Iterator[str]:
    if units(str(element.get("action_id", "")) or "-") > ID:
        yield "action_id: over 255"
    if element.get("type") == "button":
        yield from _sized("button.text", element.get("text"), BUTTON)
        if units(str(element.get("value", ""))) > BUTTON_VALUE:
            yield "button.value: over 2000"
        if units(str(element.get("accessibility_label", ""))) > SPOKEN:
            yield "button.accessibility_label: over 75"
    elif element.get("type") == "static_select":
        yield from _select_problems(element)
    elif element.get("type") == "plain_text_input" and not 1 <= _whole(element.get("max_length", 1)) <= TYPED:
        yield "max_length: over 3000"


def _select_problems(element: Json) -> Iterator[str]:
    yield from _sized("placeholder", element.get("placeholder", {"text": "-"}), PLACEHOLDER)
    groups = _objects(element.get("option_groups")) or ({"label": {"text": "-"}, "options": element.get("options")},)
    yield from _counted("option_groups", groups, GROUPS)
    for group in groups:
        yield from _sized("group.label", group.get("label"), OPTION)
        yield from _counted("options", group.get("options"), OPTIONS)
        for option in _objects(group.get("options")):
            yield from _sized("option.text", option.get("text"), OPTION)
            if not 1 <= units(str(option.get("value", ""))) <= OPTION_VALUE:
                yield "option.value: empty or over 150"


def _rich_problems(block: Json) -> Iterator[str]:
    if not _objects(block.get("elements")):
        yield "elements: empty"
    for text in _literal(block):
        if not 1 <= units(str(text.get("text", ""))) <= TEXT:
            yield f"text: empty or over {TEXT}"


def _sized(name: str, holder: object, most: int) -> Iterator[str]:
    if not 1 <= units(_text_of(holder)) <= most:
        yield f"{name}: empty or over {most}"


def _counted(name: str, rows: object, most: int) -> Iterator[str]:
    if not isinstance(rows, Sequence) or not 1 <= len(rows) <= most:
        yield f"{name}: not 1 to {most}"


def weight(value: object) -> int:
    """Characters of everything a block shows."""
    if isinstance(value, Mapping):
        return sum(
            units(str(inner)) if name in {"text", "value", "fallback", "alt_text"} and isinstance(inner, str) else weight(inner)
            for name, inner in value.items()
        )
    return sum(weight(inner) for inner in value) if isinstance(value, list | tuple) else 0


def _literal(value: object) -> Iterator[Json]:
    if isinstance(value, Mapping):
        if value.get("type") == "text":
            yield dict(value)
        for inner in value.values():
            yield from _literal(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _literal(inner)


_SHORTEST = {"header": HEADER, "context": 300, "actions": BUTTON}  # how far the texts of a block are trimmed; others to 1,000


def _trimmed(block: Json) -> Json:
    """Every text of the block cut, and every list of it shortened, to what fits."""
    cap = _SHORTEST.get(str(block.get("type")), 1_000)
    trimmed = dict(_object(_cut(block, cap)))
    longest = {"elements": {"context": CONTEXT_ELEMENTS, "actions": ACTIONS}.get(str(block.get("type"))), "fields": FIELDS}
    for name, most in longest.items():
        rows = trimmed.get(name)
        if isinstance(rows, list) and most is not None:
            trimmed[name] = rows[:most]
    return trimmed


def _cut(value: object, cap: int) -> object:
    if isinstance(value, Mapping):
        return {
            name: (cut(inner, cap) or "-") if name == "text" and isinstance(inner, str) else _cut(inner, cap)
            for name, inner in value.items()
        }
    return [_cut(inner, cap) for inner in value] if isinstance(value, list | tuple) else value


def _first(blocks: Sequence[Json]) -> tuple[Json, ...]:
    """Legal blocks from the top, as many as the budget allows."""
    kept: list[Json] = []
    for block in blocks[:MESSAGE_BLOCKS]:
        if not problems([*kept, block], "-"):
            kept.append(block)
    return tuple(kept)


def _bare(text: str) -> Message:
    return Message(text=text, blocks=({"type": "section", "text": plain(cut(text, SECTION))},))


def _text_of(holder: object) -> str:
    return str(holder.get("text", "")) if isinstance(holder, Mapping) else ""


def _whole(value: object) -> int:
    return value if isinstance(value, int) else 0


def _object(value: object) -> Json:
    return dict(value) if isinstance(value, Mapping) else {}


def _objects(value: object) -> tuple[Json, ...]:
    return tuple(dict(row) for row in value if isinstance(row, Mapping)) if isinstance(value, list | tuple) else ()
