"""What people say of a runbook after using it. A vote against lowers its standing in search; a vote for only makes up for those."""

import json
import os
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from pydantic import ValidationError

from bot.errors import BadInput
from bot.model.value import Value

FILE = "votes.jsonl"
DOUBT = 4.0  # votes that a new runbook is given: one "wrong" alone takes a fifth off, ten of ten take off most
VOTES_LIMIT = 100_000
NOTE_CHARS = 500

Verdict = Literal["helped", "wrong", "outdated"]


class RunbookVote(Value):
    runbook: str  # its id
    user: str
    verdict: Verdict
    at: str  # RFC 3339
    note: str = ""


def add(folder: Path, vote: RunbookVote) -> None:
    """Append one line; a writer that dies half-way leaves a line that is passed over."""
    folder.mkdir(parents=True, exist_ok=True)
    line = vote.model_copy(update={"note": vote.note[:NOTE_CHARS]}).model_dump_json() + "\n"
    handle = os.open(folder / FILE, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        os.write(handle, line.encode())
    finally:
        os.close(handle)


def votes(folder: Path) -> tuple[RunbookVote, ...]:
    """Oldest first; none where nobody voted. Lines that cannot be read are passed over."""
    try:
        lines = (folder / FILE).read_text(encoding="utf-8", errors="replace").splitlines()
    except FileNotFoundError:
        return ()
    except OSError as error:
        raise BadInput(f"cannot be read: {error}", place=str(folder / FILE)) from None
    found = []
    for line in lines[-VOTES_LIMIT:]:
        try:
            found.append(RunbookVote.model_validate(json.loads(line)))
        except (json.JSONDecodeError, ValidationError):
            continue
    return tuple(found)


def trust(cast: tuple[RunbookVote, ...]) -> Mapping[str, float]:
    """Runbook id -> a factor of its score, above 0 and at most 1. A person counts once a runbook, with the last word."""
    last = {(vote.runbook, vote.user): vote.verdict for vote in cast}
    said: dict[str, list[Verdict]] = defaultdict(list)
    for (runbook, _), verdict in last.items():
        said[runbook].append(verdict)
    return {name: (DOUBT + said[name].count("helped")) / (DOUBT + len(said[name])) for name in sorted(said)}
