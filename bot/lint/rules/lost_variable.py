"""A variable of the predecessor is gone: what the caller provides no longer reaches the model, or a literal stands in its place."""

import re
from collections import Counter
from collections.abc import Iterator

from bot.lint.edit import Changed
from bot.lint.rule import Hit, error, info, quoted, rule, warning
from bot.lint.sheet import Sheet
from bot.lint.template import SLOTS, Style


@rule
def lost_variable(sheet: Sheet) -> Iterator[Hit]:
    if sheet.was is None or sheet.edit is None:
        return
    styles = sheet.was.styles
    after = {slot.name for slot in sheet.text.slots}
    lost = set(sheet.was.names) - after
    source = sheet.text.source or sheet.was.source
    said: set[str] = set()
    for changed in sheet.edit.changed:
        before_here, after_here = _names(changed.before, styles), _names(changed.after, styles)
        gone, come = before_here - after_here, set(after_here) - set(before_here)
        for name in sorted(gone):
            if (literal := _literal(changed, name, styles)) is not None:
                yield error(changed.line, f"{quoted(literal)} stands where variable {quoted(name)} was")
                said.add(name)
                continue
            if source and (come or len(after_here) > len(before_here) or source == "script"):
                continue  # renamed or computed elsewhere: the compiler looks after names in source
            if name in lost and come:
                yield error(
                    changed.line, f"variable {quoted(name)} is now called {quoted(', '.join(sorted(come)))}: its caller must change too"
                )
            elif name in lost:
                yield error(changed.line, f"variable {quoted(name)} is gone from this line")
            elif not source:
                yield warning(changed.line, f"variable {quoted(name)} is gone from this line; it stands elsewhere")
            said.add(name)
    for line, text in sheet.edit.gone:
        for name in sorted((set(_names(text, styles)) & lost) - said):
            said.add(name)
            made = info if source else warning
            yield made(line, f"variable {quoted(name)} is gone with its line")


def _literal(changed: Changed, name: str, styles: tuple[Style, ...]) -> str | None:
    """The words that replaced a variable, when all around it stayed: `{total_words} words` -> `700 words`."""
    hit = next((hit for style in styles for hit in SLOTS[style].finditer(changed.before) if hit[1] == name), None)
    if hit is None:
        return None
    before, after = changed.before[: hit.start()][-12:], changed.before[hit.end() :][:12]
    around = re.search(rf"{re.escape(before)}(?P<literal>[\w,. '-]{{1,30}}){re.escape(after)}", changed.after)
    return around["literal"] if around is not None and len(before) + len(after) >= 12 else None


def _names(text: str, styles: tuple[Style, ...]) -> Counter[str]:
    return Counter(hit[1] for style in styles for hit in SLOTS[style].finditer(text))
