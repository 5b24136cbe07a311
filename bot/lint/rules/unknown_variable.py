"""A variable nobody fills in: not declared, or written in two ways that differ by a slip."""

from collections import Counter
from collections.abc import Iterator

from bot.lint.rule import Hit, error, quoted, rule, warning
from bot.lint.sheet import Sheet
from bot.lint.spelling import COMMON, frequency, one_slip

LONG = 5  # letters; shorter names differ by one letter without being meant as the same (`id`, `ip`)


@rule
def unknown_variable(sheet: Sheet) -> Iterator[Hit]:
    declared = frozenset(sheet.meta.variables)
    counts = Counter(slot.name for slot in sheet.text.slots)
    said: set[str] = set()
    for slot in sheet.text.slots:
        root = slot.name.split(".")[0]
        if slot.name in said:
            continue
        said.add(slot.name)
        if declared and root not in declared and slot.name not in declared:
            yield error(slot.line, f"{quoted(slot.name)} is not among the declared variables")
        elif near := _meant(slot.name, counts, declared, sheet):
            yield warning(slot.line, f"{quoted(slot.name)} differs by a slip from {quoted(near)}")


def _meant(name: str, counts: Counter[str], declared: frozenset[str], sheet: Sheet) -> str | None:
    """The name this one was meant to be: a declared one, one of the predecessor, or one used more often beside it.

    A common word is meant as it stands: `content` is no slip of `context`.
    """
    if name in declared or len(name) < LONG or frequency(name) >= COMMON or (sheet.was is not None and name in sheet.was.names):
        return None
    before = sheet.was.names if sheet.was is not None else frozenset()
    candidates = sorted((declared | before | {other for other, n in counts.items() if n > counts[name]}) - {name})
    return next((other for other in candidates if one_slip(name, other)), None)
