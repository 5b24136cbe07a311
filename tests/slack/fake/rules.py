"""Slack's rules for payloads as this fake reads them; written apart from bot.slack.limits, so that one can catch the other."""

import json
from collections.abc import Iterator
from typing import Any

TEXTS = {"header": 150, "section": 3000, "button": 75, "option": 75}
MESSAGE_BLOCKS = {"actions", "context", "divider", "header", "image", "input", "rich_text", "section", "table", "markdown"}
MODAL_BLOCKS = {"actions", "alert", "context", "divider", "header", "image", "input", "rich_text", "section"}
HOME_BLOCKS = MODAL_BLOCKS - {"alert"}
RICH = {"rich_text_section", "rich_text_list", "rich_text_preformatted", "rich_text_quote"}
LEAVES = {"text", "date", "user", "link", "emoji", "channel", "usergroup", "broadcast"}
SOFT_CEILING = 13_200  # characters over all blocks at which real workspaces answer msg_blocks_too_long


class Broken(Exception):
    """`ok: false` with this code."""

    def __init__(self, code: str, *messages: str) -> None:
        super().__init__(code, *messages)
        self.code, self.messages = code, messages


def message(args: dict[str, Any]) -> None:
    blocks = args.get("blocks") or []
    if not args.get("text") and not blocks:
        raise Broken("no_text")
    if len(args.get("text") or "") > 40_000:
        raise Broken("msg_too_long")
    if len(blocks) > 50:
        raise Broken("invalid_blocks", "no more than 50 items allowed [json-pointer:/blocks]")
    _blocks(blocks, MESSAGE_BLOCKS)
    if _letters(blocks) > SOFT_CEILING:
        raise Broken("msg_blocks_too_long")
    if len(json.dumps(args.get("metadata") or {})) > 8000:
        raise Broken("metadata_too_large")


def view(value: dict[str, Any]) -> None:
    if value.get("type") != "modal" or not 1 <= len(value["title"]["text"]) <= 24:
        raise Broken("invalid_arguments", "title")
    if not 1 <= len(value.get("blocks") or []) <= 100:
        raise Broken("invalid_arguments", "blocks")
    if len(value.get("private_metadata") or "") > 3000 or len(json.dumps(value)) > 250_000:
        raise Broken("view_too_large")
    if any(block["type"] == "input" for block in value["blocks"]) and "submit" not in value:
        raise Broken("invalid_arguments", "submit is needed with inputs")
    _blocks(value["blocks"], MODAL_BLOCKS)


def home(value: dict[str, Any]) -> None:
    if value.get("type") != "home" or set(value) - {"type", "blocks", "callback_id", "external_id", "private_metadata"}:
        raise Broken("invalid_arguments", "no home")
    if not 1 <= len(value.get("blocks") or []) <= 100:
        raise Broken("invalid_arguments", "blocks")
    if len(json.dumps(value)) > 250_000:
        raise Broken("view_too_large")
    _blocks(value["blocks"], HOME_BLOCKS)


def _blocks(blocks: list[dict[str, Any]], allowed: set[str]) -> None:
    problems = [f"{told} [json-pointer:/blocks/{row}]" for row, block in enumerate(blocks) for told in _block(block, allowed)]
    ids = [block["block_id"] for block in blocks if "block_id" in block]
    if len(ids) != len(set(ids)):
        problems.append("block_id already exists")
    if problems:
        raise Broken("invalid_blocks", *problems)


def _block(block: dict[str, Any], allowed: set[str]) -> Iterator[str]:
    kind = block.get("type")
    if kind not in allowed:
        yield f"unsupported type: {kind}"
    if len(block.get("block_id") or "x") > 255:
        yield "block_id too long"
    if kind == "header" and block["text"]["type"] != "plain_text":
        yield "header must be plain_text"
    if kind in {"header", "section"}:
        for text in [block["text"]] if "text" in block else block["fields"]:
            yield from _sized(text["text"], TEXTS[kind] if "text" in block else 2000)
    if kind == "section" and len(block.get("fields", [])) > 10:
        yield "no more than 10 fields"
    if kind == "context" and not 1 <= len(block["elements"]) <= 10:
        yield "1 to 10 elements"
    if kind == "actions":
        yield from _actions(block["elements"])
    if kind == "input":
        yield from _sized(block["label"]["text"], 2000)
        yield from _element(block["element"])
    if kind == "rich_text":
        yield from _rich(block["elements"])


def _actions(elements: list[dict[str, Any]]) -> Iterator[str]:
    if not 1 <= len(elements) <= 25:
        yield "1 to 25 elements"
    if len({element["action_id"] for element in elements}) < len(elements):
        yield "action_id must be unique"
    for element in elements:
        yield from _element(element)


def _element(element: dict[str, Any]) -> Iterator[str]:
    if element["type"] == "button":
        yield from _sized(element["text"]["text"], TEXTS["button"])
        if len(element.get("value", "")) > 2000 or len(element.get("accessibility_label", "")) > 75:
            yield "button value or label too long"
        if element.get("style", "primary") not in {"primary", "danger"}:
            yield "unknown style"
    if element["type"] == "static_select":
        groups = element.get("option_groups") or [{"label": {"text": "-"}, "options": element["options"]}]
        options = [option for group in groups for option in group["options"]]
        if len(groups) > 100 or any(not 1 <= len(group["options"]) <= 100 for group in groups):
            yield "too many options"
        if len({option["value"] for option in options}) < len(options):
            yield "duplicate option value"
        for option in options:
            yield from _sized(option["text"]["text"], TEXTS["option"])
            yield from _sized(option["value"], 150)


def _rich(elements: list[dict[str, Any]]) -> Iterator[str]:
    if not elements:
        yield "must have elements"
    for element in elements:
        if element["type"] not in RICH:
            yield f"unsupported rich text type: {element['type']}"
        rows = element["elements"] if element["type"] == "rich_text_list" else [element]
        for row in rows:
            for leaf in row["elements"]:
                if leaf["type"] not in LEAVES:
                    yield f"unsupported element: {leaf['type']}"
                if leaf["type"] == "text" and not leaf["text"]:
                    yield "text must have at least 1 character"


def _sized(text: str, most: int) -> Iterator[str]:
    if not 1 <= len(text) <= most:
        yield f"must be 1 to {most} characters"


def _letters(value: object) -> int:
    if isinstance(value, dict):
        return sum(len(inner) if name == "text" and isinstance(inner, str) else _letters(inner) for name, inner in value.items())
    return sum(_letters(inner) for inner in value) if isinstance(value, list) else 0
