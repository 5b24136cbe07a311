"""A declared variable stands nowhere in the template: somebody computes it for nothing, or the line that used it was lost."""

from collections.abc import Iterator

from bot.lint.rule import Hit, quoted, rule, warning
from bot.lint.sheet import Sheet


@rule
def unused_variable(sheet: Sheet) -> Iterator[Hit]:
    used = {slot.name.split(".")[0] for slot in sheet.text.slots} | {slot.name for slot in sheet.text.slots}
    for name in sheet.meta.variables:
        if name not in used:
            yield warning(1, f"declared variable {quoted(name)} is not used")
