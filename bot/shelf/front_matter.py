"""The YAML block at the top of a runbook: split off, checked, and never trusted to be what it says."""

import re
from datetime import date

import yaml

from bot.errors import BadInput
from bot.model.report import NextAction
from bot.model.value import Value

HEAD_LIMIT = 16 * 1024  # characters; the longest front matter seen in public runbook sets has 600
LIST_LIMIT = 50  # entries of one list; a runbook bound to more causes than the catalogue has is a mistake
TEXT_LIMIT = 300  # characters of one value: what a Slack section can show without scrolling

_FENCE = re.compile(r"\A\ufeff?---[ \t]*\r?\n(.*?)^---[ \t]*(?:\r?\n|\Z)", re.S | re.M)


class Head(Value):
    """The keys the shelf knows; a runbook from elsewhere may carry others, and they are left alone."""

    id: str | None = None
    title: str | None = None
    causes: tuple[str, ...] = ()
    services: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    owner: str | None = None
    reviewed_on: str | None = None
    next: tuple[NextAction, ...] = ()


def split(text: str) -> tuple[str, str, int]:
    """Document -> (YAML block or "", body, line on which the body starts, counted from 1)."""
    match = _FENCE.match(text)
    if match is None:
        return "", text.removeprefix("\ufeff"), 1
    return match.group(1), text[match.end() :], text.count("\n", 0, match.end()) + 1


def parse(block: str, path: str) -> Head:
    """YAML block of the file `path` -> Head. BadInput names file and line."""
    if len(block) > HEAD_LIMIT:
        raise BadInput(f"front matter is longer than {HEAD_LIMIT} characters", place=f"{path}:1")
    try:
        loaded = yaml.load(block, Loader=yaml.CSafeLoader)  # the safe loader, written in C
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = mark.line + 2 if mark is not None else 1  # the opening fence is line 1
        raise BadInput(f"front matter is not YAML: {getattr(error, 'problem', None) or 'cannot be read'}", place=f"{path}:{line}") from None
    except ValueError as error:  # a date such as 2026-13-45
        raise BadInput(f"front matter: {error}", place=f"{path}:1") from None
    if loaded is None:
        return Head()
    if not isinstance(loaded, dict):
        raise BadInput("front matter is not a list of keys", place=f"{path}:2")
    return _head(loaded, block, path)


def _head(loaded: dict[object, object], block: str, path: str) -> Head:
    def place(key: str) -> str:
        for number, line in enumerate(block.splitlines(), start=2):
            if line.startswith(f"{key}:"):
                return f"{path}:{number}"
        return f"{path}:1"

    values: dict[str, object] = {}
    for key in ("id", "title", "owner", "reviewed_on"):
        values[key] = _text(loaded.get(key), place(key))
    for key in ("causes", "services", "groups"):
        values[key] = _texts(loaded.get(key), place(key))
    values["next"] = _actions(loaded.get("next"), place("next"))
    return Head.model_validate(values)


def _text(value: object, place: str) -> str | None:
    if value is None:
        return None
    if isinstance(value, bool | int | float | str | date):
        return str(value)[:TEXT_LIMIT]
    raise BadInput("expected a text", place=place)


def _texts(value: object, place: str) -> tuple[str, ...]:
    """A list of texts; one text alone is a list of one."""
    if value is None:
        return ()
    if isinstance(value, str):
        value = [value]
    if not isinstance(value, list) or len(value) > LIST_LIMIT:
        raise BadInput(f"expected a list of at most {LIST_LIMIT} texts", place=place)
    return tuple(text for item in value if (text := _text(item, place)))


def _actions(value: object, place: str) -> tuple[NextAction, ...]:
    if value is None:
        return ()
    if not isinstance(value, list) or len(value) > LIST_LIMIT:
        raise BadInput("expected a list of {action, verify, rollback}", place=place)
    found = []
    for item in value:
        if not isinstance(item, dict) or set(item) != {"action", "verify", "rollback"}:
            raise BadInput("an entry needs action, verify and rollback, and nothing else", place=place)
        parts = {str(key): _text(part, place) or "" for key, part in item.items()}
        found.append(NextAction(action=parts["action"], verify=parts["verify"], rollback=parts["rollback"]))
    return tuple(found)
