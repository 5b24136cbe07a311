"""A known variable in other delimiters than before: it is not filled in, the reader of the answer sees it."""

from collections import Counter
from collections.abc import Iterator

from bot.lint.rule import Hit, quoted, rule, warning
from bot.lint.sheet import Sheet
from bot.lint.template import Template

SHAPES = {"double": "{{%s}}", "single": "{%s}", "dollar": "${%s}"}


@rule
def mixed_placeholder(sheet: Sheet) -> Iterator[Hit]:
    if sheet.text.source:
        return  # there doubled braces are an escape, and examples of code need it
    here, before = _styles(sheet.text), _styles(sheet.was) if sheet.was is not None and not sheet.was.source else {}
    for slot in sheet.text.slots:
        usual = before.get(slot.name) or here[slot.name]
        if slot.style in before.get(slot.name, ()):
            continue
        style, often = max(usual.items(), key=lambda item: (item[1], item[0]))
        if style != slot.style and often > (0 if slot.name in before else here[slot.name][slot.style]):
            shapes = quoted(SHAPES[slot.style] % slot.name), quoted(SHAPES[style] % slot.name)
            yield warning(slot.line, f"{shapes[0]} is not how this variable is written; {shapes[1]} is")


def _styles(template: Template) -> dict[str, Counter[str]]:
    """Name -> how often it is written in each way."""
    found: dict[str, Counter[str]] = {}
    for slot in template.slots:
        found.setdefault(slot.name, Counter())[slot.style] += 1
    return found
