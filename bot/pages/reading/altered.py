"""What every change source needs: one way to write a change down, which deployments reach users, and which files are prompts."""

import re
from datetime import datetime
from pathlib import PurePosixPath

from bot.errors import BadInput
from bot.model.change import Change, ChangeKind, ChangeScope
from bot.pages.reading.keys import key
from bot.pages.reading.part import Part
from bot.pages.reading.sheet import web_address
from bot.pages.reading.words import line

OBJECT = 300  # characters of a changed thing's name
VALUE = 2_000  # characters of what it was and is: a version, a flag, a small configuration
AUTHOR = 200
FILES = 200  # prompt files of one push; a push that moves more is a reorganisation and is told as one

_TRYING_OUT = re.compile(
    r"(?:^|[^a-z])(?:non-?prod\w*|pre-?prod\w*|preview|staging|stage|stg|test(?:ing)?|qa|uat|dev(?:elopment)?|review|ci|sandbox|local|demo)(?:[^a-z]|$)"
)
_FOLDERS = frozenset({"prompts", "prompt", "prompt_templates", "prompt-templates"})
_ENDINGS = frozenset(
    (".txt", ".md", ".mdx", ".yaml", ".yml", ".json", ".toml", ".xml", ".j2", ".jinja", ".jinja2", ".hbs", ".mustache", ".tmpl")
)
_OWN_ENDINGS = (".prompt", ".prompty", ".promptfile")  # a prompt wherever it lies
_VERSION = re.compile(r"v?\d[\w.-]{0,30}", re.IGNORECASE)


def changed(
    body: Part,
    kind: ChangeKind,
    named: str | None,
    at: datetime | None,
    *,
    told_by: str | None = None,
    before: str | None = None,
    after: str | None = None,
    service: str | None = None,
    region: str | None = None,
    author: str | None = None,
    link: str | None = None,
) -> Change:
    """One change. `told_by`: what the sender calls this event; without it the change is known by what it says.

    BadInput when it says not what was changed, or not when: a change without a time could not be laid beside an onset.
    """
    if named is None:
        raise BadInput("says not what was changed", place=body.wrong("").place)
    if at is None:
        raise BadInput("no time, or one that cannot be read", place=body.wrong("").place)
    return Change.model_validate({
        "id": key(told_by) if told_by else key(kind.value, named, at.isoformat(), after),
        "time": at,
        "kind": kind,
        "object": line(named, OBJECT),
        "from": line(before, VALUE) if before is not None else None,
        "to": line(after, VALUE) if after is not None else None,
        "scope": ChangeScope(service=service, region=region),
        "author": line(author or "", AUTHOR) or None,
        "link": link if link is not None and web_address(link) else None,
    })  # fmt: skip


def reaches_users(environment: str | None) -> bool:
    """Whether a deployment to an environment of this name is one to production: unless its name says that it is for trying out."""
    return _TRYING_OUT.search((environment or "")[:200].casefold()) is None


def prompt_of(path: str) -> tuple[str, str | None] | None:
    """A file's path -> name of the prompt in it and its version where the path has one; None for what is no prompt.

    `prompts/answer/v4.txt` is answer in version v4, `src/prompts/answer.j2` is answer.
    """
    file = PurePosixPath(path[:1_000])
    folders = [place for place, part in enumerate(file.parts[:-1]) if part.casefold() in _FOLDERS]
    suffix = file.suffix.casefold()
    if not (suffix in _OWN_ENDINGS or (folders and suffix in _ENDINGS)):
        return None
    stem = file.name.split(".")[0] or file.name
    inside = file.parts[folders[-1] + 1 : -1] if folders else ()
    if inside and _VERSION.fullmatch(stem):
        return inside[-1], stem
    return stem, None
