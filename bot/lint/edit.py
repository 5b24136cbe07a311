"""What an edit did to a template, line by line: kept, changed into another, gone, new."""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import SequenceMatcher

from bot.lint.template import Template

ALIKE = 0.55  # of the signs of two lines agree: the same line, reworded; below, difflib pairs lines that share only small words
MOST = 60  # lines of one replaced block that are paired one by one; a longer block was rewritten as a whole
WRITTEN = 0.3  # new words for each that went; a slip takes away and writes next to nothing
LONG = 400  # signs of a line that are compared; similarity is quadratic


@dataclass(frozen=True)
class Changed:
    """A line that was reworded; `line` is its number in the new template."""

    before: str
    after: str
    line: int


@dataclass(frozen=True)
class Edit:
    """`gone`: (line in the new template where it stood, text). `new`: (line, text). Lines that only moved are in neither."""

    changed: tuple[Changed, ...]
    gone: tuple[tuple[int, str], ...]
    new: tuple[tuple[int, str], ...]

    @classmethod
    def between(cls, was: Template, now: Template) -> Edit:
        before, after = [one.strip() for one in was.lines], [one.strip() for one in now.lines]
        changed: list[Changed] = []
        gone: list[tuple[int, str]] = []
        new: list[tuple[int, str]] = []
        for tag, i1, i2, j1, j2 in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
            if tag == "equal":
                continue
            pairs = _paired(before[i1:i2], after[j1:j2])
            changed += [Changed(before[i1 + i], after[j1 + j], j1 + j + 1) for i, j in sorted(pairs.items())]
            gone += [(j1 + 1, text) for i, text in enumerate(before[i1:i2]) if i not in pairs and text]
            new += [(j1 + j + 1, text) for j, text in enumerate(after[j1:j2]) if j not in pairs.values() and text]
        kept_after, kept_before = set(after), set(before)
        return cls(
            tuple(changed),
            tuple((line, text) for line, text in gone if text not in kept_after),
            tuple((line, text) for line, text in new if text not in kept_before),
        )

    @property
    def rewrites(self) -> bool:
        """Whether about as much was written as went: what is gone was probably replaced on purpose."""
        gone = sum(len(words(text)) for _, text in self.gone)
        return sum(len(words(text)) for _, text in self.new) > WRITTEN * gone

    @property
    def lost(self) -> tuple[tuple[int, str], ...]:
        """Every line that is no longer there as it was, with the line where it stood."""
        return tuple(sorted([*((one.line, one.before) for one in self.changed), *self.gone]))


def _paired(before: list[str], after: list[str]) -> dict[int, int]:
    """Index before -> index after, for lines that are the same line reworded; each line once, the most alike first."""
    if len(before) > MOST or len(after) > MOST:
        return {}
    scored = sorted(
        ((score, i, j) for i, one in enumerate(before) for j, two in enumerate(after) if (score := alike(one, two)) >= ALIKE),
        key=lambda found: (-found[0], abs(found[1] - found[2]), found[1], found[2]),
    )
    pairs: dict[int, int] = {}
    for _, i, j in scored:
        if i not in pairs and j not in pairs.values():
            pairs[i] = j
    return pairs


def alike(one: str, two: str) -> float:
    """0..1; 0 as soon as it is clear that two lines are not the same line."""
    matcher = SequenceMatcher(None, one[:LONG], two[:LONG], autojunk=False)
    if not one or not two or matcher.real_quick_ratio() < ALIKE or matcher.quick_ratio() < ALIKE:
        return 0.0
    return matcher.ratio()


_WORD = re.compile(r"[A-Za-z][A-Za-z]*(?:['’][A-Za-z]+)?")


def words(text: str) -> list[str]:
    return _WORD.findall(text)
