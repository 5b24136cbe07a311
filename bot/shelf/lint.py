"""What is wrong with a shelf of runbooks that can be told from its files: stale, dead ends, names of what no longer exists, no way back."""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import PurePosixPath
from typing import Literal

from bot.model.runbook import Runbook
from bot.shelf.passages import sections
from bot.shelf.queries import broken_queries
from bot.shelf.twins import twins

STALE_DAYS = 180  # half a year: most teams' systems have changed under a runbook by then
THIN = 80  # characters of a body; what is shorter is a placeholder
MOST = 50  # findings of one rule in one file

Severity = Literal["error", "warning", "info"]

_LINK = re.compile(r"(?<!!)\[[^\[\]\n]{0,300}\]\([ \t]{0,3}<?([^)\s>]{1,500})")
_UNFINISHED = re.compile(r"\b(TODO|TBD|FIXME)\b")
_COMMAND = re.compile(r"\bmidwatch +([a-z][a-z-]+)(?: +([a-z][a-z-]+))?")
_SETTING = re.compile(r"\bMIDWATCH_[A-Z][A-Z_]+\b")
_CAUSE = re.compile(r"`((?:model|prompt|retrieval|tool|cost|infra|telemetry|none)\.[a-z_]+)`")
_HARM = re.compile(
    r"\b(rm -[rf]+|kubectl delete|drop (?:table|index|database)|truncate table|delete from|terraform destroy|helm uninstall)\b|--force\b",
    re.I,
)
_WAY_BACK = re.compile(r"\b(way back|roll(?:s|ed|ing)? ?back|undo|restore|revert|backup|back up|snapshot)", re.I)


@dataclass(frozen=True)
class Known:
    """What exists, to hold names against; an empty set = not known, and not held against."""

    causes: frozenset[str] = frozenset()
    services: frozenset[str] = frozenset()
    commands: frozenset[str] = frozenset()  # of midwatch: "triage", "runbooks index"
    settings: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Finding:
    path: str
    line: int
    rule: str
    severity: Severity
    claim: str


@dataclass(frozen=True)
class Sheet:
    """One runbook, and what it is held against."""

    runbook: Runbook
    shelf: dict[str, Runbook]
    known: Known
    today: date

    def at(self, rule: str, severity: Severity, claim: str, offset: int | None = None) -> Finding:
        """`offset` is a place in the body; None = the front matter."""
        line = 1 if offset is None else self.runbook.starts + self.runbook.body.count("\n", 0, offset)
        return Finding(self.runbook.path, line, rule, severity, claim)


def lint(runbooks: Sequence[Runbook], known: Known, today: date) -> tuple[Finding, ...]:
    """Findings by path, line and rule."""
    shelf = {runbook.path: runbook for runbook in runbooks}
    found = [*_same_ids(runbooks), *_same_texts(runbooks)]
    for runbook in runbooks:
        sheet = Sheet(runbook, shelf, known, today)
        for rule in RULES:
            found += [hit for hit, _ in zip(rule(sheet), range(MOST), strict=False)]
    return tuple(sorted(found, key=lambda one: (one.path, one.line, one.rule, one.claim)))


def _reviewed(sheet: Sheet) -> Iterator[Finding]:
    text = sheet.runbook.reviewed_on
    if text is None:
        yield sheet.at("never_reviewed", "info", "no `reviewed_on`: nobody can tell how old it is")
        return
    try:
        day = date.fromisoformat(text)
    except ValueError:
        yield sheet.at("never_reviewed", "error", f"`reviewed_on: {text[:40]}` is no date")
        return
    age = (sheet.today - day).days
    if age < 0:
        yield sheet.at("stale", "error", f"`reviewed_on: {text}` lies in the future")
    elif age > STALE_DAYS:
        yield sheet.at("stale", "warning", f"last reviewed {age} days ago, more than {STALE_DAYS}")


def _owned(sheet: Sheet) -> Iterator[Finding]:
    if not sheet.runbook.owner:
        yield sheet.at("no_owner", "info", "no `owner`: nobody to ask")


def _links(sheet: Sheet) -> Iterator[Finding]:
    """Links to other files of the shelf and to headings; what is on the network is not looked at here."""
    for match in _LINK.finditer(sheet.runbook.body):
        target = match.group(1)
        if re.match(r"[a-z][a-z0-9+.-]*:|//|/", target, re.I):
            continue
        name, _, anchor = target.partition("#")
        book = sheet.runbook if not name else sheet.shelf.get(_beside(sheet.runbook.path, name))
        if book is None:
            if PurePosixPath(name).suffix.lower() in (".md", ".markdown", ".mdx"):
                yield sheet.at("dead_link", "error", f"links to {target[:80]}, which is not on the shelf", match.start())
        elif anchor and anchor.lower() not in anchors(book.body):
            yield sheet.at("dead_link", "warning", f"links to #{anchor[:80]}, a heading that {book.path} does not have", match.start())


def _beside(path: str, name: str) -> str:
    """A relative link as a path of the shelf."""
    parts: list[str] = list(PurePosixPath(path).parent.parts)
    for part in PurePosixPath(name).parts:
        if part == "..":
            parts = parts[:-1]
        elif part != ".":
            parts.append(part)
    return "/".join(parts)


def anchors(body: str) -> frozenset[str]:
    """The anchors a Git host gives to headings, and those written as HTML."""
    made = {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading, _ in sections(body)}
    return frozenset(made | {name.lower() for name in re.findall(r"<a (?:name|id)=\"([^\"]{1,100})\"", body)})


def _gone(sheet: Sheet) -> Iterator[Finding]:
    """Causes, services, commands and settings that do not exist (any more)."""
    known, body = sheet.known, sheet.runbook.body
    for cause in sheet.runbook.causes:
        if known.causes and cause not in known.causes:
            yield sheet.at("gone", "error", f"bound to {cause[:80]}, a cause that does not exist")
    for service in sheet.runbook.services:
        if known.services and service not in known.services:
            yield sheet.at("gone", "warning", f"for the service {service[:80]}, which no playbook declares")
    for match in _CAUSE.finditer(body):
        if known.causes and match.group(1) not in known.causes:
            yield sheet.at("gone", "error", f"names {match.group(1)[:80]}, a cause that does not exist", match.start())
    for match in _COMMAND.finditer(body):
        names = {match.group(1), f"{match.group(1)} {match.group(2)}"}
        if known.commands and not names & known.commands and _is_code(body, match.start()):
            yield sheet.at("gone", "error", f"names `midwatch {match.group(1)[:40]}`, a command that does not exist", match.start())
    for match in _SETTING.finditer(body):
        if known.settings and match.group(0) not in known.settings:
            yield sheet.at("gone", "error", f"names {match.group(0)[:80]}, a setting that does not exist", match.start())


def _is_code(body: str, offset: int) -> bool:
    """Within backticks: prose may say "midwatch was" as it likes."""
    return body.count("`", 0, offset) % 2 == 1


def _queries(sheet: Sheet) -> Iterator[Finding]:
    for offset, why in broken_queries(sheet.runbook.body):
        yield sheet.at("broken_query", "error", f"a query on `spans` that cannot run: {why}", offset)


def _unfinished(sheet: Sheet) -> Iterator[Finding]:
    for match in _UNFINISHED.finditer(sheet.runbook.body):
        yield sheet.at("unfinished", "warning", f"{match.group(1)} is left in it", match.start())
    if len(sheet.runbook.body) < THIN:
        yield sheet.at("unfinished", "warning", f"{len(sheet.runbook.body)} characters are no runbook", 0)


def _no_way_back(sheet: Sheet) -> Iterator[Finding]:
    if _WAY_BACK.search(sheet.runbook.body):
        return
    for match in _HARM.finditer(sheet.runbook.body):
        if _is_code(sheet.runbook.body, match.start()):
            yield sheet.at("no_way_back", "warning", f"`{match.group(0)}` and no word on the way back", match.start())


RULES: tuple[Callable[[Sheet], Iterator[Finding]], ...] = (_reviewed, _owned, _links, _gone, _queries, _unfinished, _no_way_back)


def _same_ids(runbooks: Sequence[Runbook]) -> Iterator[Finding]:
    times = Counter(runbook.id for runbook in runbooks)
    first = {runbook.id: runbook.path for runbook in reversed(runbooks)}
    for runbook in runbooks:
        if times[runbook.id] > 1 and first[runbook.id] != runbook.path:
            claim = f"has the id {runbook.id[:80]} of {first[runbook.id]}: only the first can be opened by it"
            yield Finding(runbook.path, 1, "same_id", "warning", claim)


def _same_texts(runbooks: Sequence[Runbook]) -> Iterator[Finding]:
    for row, first in enumerate(twins(runbooks)):
        if first != row:
            yield Finding(
                runbooks[row].path, 1, "same_text", "info", f"nearly the text of {runbooks[first].path}: search shows only that one"
            )
