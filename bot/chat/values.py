"""The values this incident knows: tenants, models, tools and so on, as its spans and its report name them."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from bot.chat.words import is_rare
from bot.model.evidence import Evidence
from bot.model.report import Report

SLOTS: Mapping[str, tuple[str, ...]] = {
    "tenant": ("tenant",),
    "tool": ("tool",),
    "model": ("model_requested", "model_served"),
    "locale": ("locale",),
    "region": ("region",),
    "prompt_version": ("prompt_version",),
    "route": ("route",),
}
"""Slot -> the canonical dimensions it may be a value of."""
MOST = 5_000  # values of one slot that are known by name; a tenant that is not among them is still found by grammar
LONG = 5  # letters from which a misspelt value is still recognised
NEAR = 0.84  # likeness (difflib) of a misspelt value to the true one
EDGES = r"(?<![\w./-])({})(?![\w/-]|\.\w)"


@dataclass(frozen=True)
class Values:
    """Slot -> its known values, sorted."""

    by_slot: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def of(self, slot: str) -> tuple[str, ...]:
        return self.by_slot.get(slot, ())

    def exact(self, slot: str, text: str) -> str | None:
        """The known value of this spelling, whatever its case."""
        wanted = text.casefold()
        return next((value for value in self.of(slot) if value.casefold() == wanted), None)

    def near(self, slot: str, text: str) -> str | None:
        """The known value that `text` is, or is a slip of; also `acme` for `acme corp`, and `acme-corp` for `acme`."""
        exact = self.exact(slot, text)
        if exact is not None or len(text) < LONG - 1:
            return exact
        wanted = text.casefold()
        begins = [value for value in self.of(slot) if re.match(re.escape(wanted) + r"[-_. ]", value.casefold())]
        if len(begins) == 1:
            return begins[0]
        folded = {value.casefold(): value for value in reversed(self.of(slot))}
        close = difflib.get_close_matches(wanted, list(folded), n=1, cutoff=NEAR) if len(text) >= LONG else []
        return folded[close[0]] if close else None

    def mentions(self, text: str) -> tuple[tuple[str, str, int, int], ...]:
        """(slot, value, start, end) of every known value that stands in the text; of overlapping ones the longest."""
        low = text.casefold()
        found = []
        for slot in SLOTS:
            for value in self.of(slot):
                if len(value) < 2 or value.casefold() not in low:
                    continue
                found += [(slot, value, hit.start(1), hit.end(1)) for hit in re.finditer(EDGES.format(re.escape(value.casefold())), low)]
        found.sort(key=lambda one: (one[2] - one[3], one[2], one[0]))
        kept: list[tuple[str, str, int, int]] = []
        for one in found:
            if all(one[3] <= other[2] or one[2] >= other[3] for other in kept):
                kept.append(one)
        return tuple(sorted(kept, key=lambda one: one[2]))

    def slips(self, text: str) -> tuple[tuple[str, str, int, int], ...]:
        """As `mentions`, for words that are no English and nearly a known value."""
        found = []
        for hit in re.finditer(rf"[\w-]{{{LONG},}}", text):
            word = hit.group()
            if not (is_rare(word.lower()) or "-" in word or "_" in word):
                continue
            for slot in SLOTS:
                value = self.near(slot, word)
                if value is not None:
                    found.append((slot, value, hit.start(), hit.end()))
                    break
        return tuple(found)


def known_values(report: Report, evidence: Evidence | None) -> Values:
    """From the spans where they are at hand, and from the report's slices and findings."""
    found: dict[str, set[str]] = {slot: set() for slot in SLOTS}
    columns = {column: slot for slot, names in SLOTS.items() for column in names}
    for cell in [report.slice.where, *report.slice.equivalent] if report.slice else []:
        for key, value in cell.items():
            if key in columns:
                found[columns[key]].add(value)
    if evidence is not None:
        for frame in (evidence.seen, *evidence.ops.values()):
            for column, slot in columns.items():
                found[slot].update(frame.text(column).values[:MOST])
    return Values({slot: tuple(sorted(value for value in values if value))[:MOST] for slot, values in sorted(found.items())})
