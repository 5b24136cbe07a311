"""What is held against a span of one trace."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

QUOTED = 120  # characters of a trace's own words in a claim: enough to find the place, too few to carry a document along


@dataclass(frozen=True)
class Blame:
    """`kind` names the sort of fault; `layer` as in the catalogue; `evidence` holds numbers, names and short quotes."""

    span_id: str
    layer: str
    kind: str
    claim: str
    evidence: Mapping[str, object]


def quoted(said: str, most: int = QUOTED) -> str:
    """A stranger's words on one line, cut, and with nothing in them that a terminal or a chat would act on."""
    line = " ".join("".join(sign if sign.isprintable() else " " for sign in said[: most * 8]).split())
    return line if len(line) <= most else line[: most - 1] + "…"
