"""The text ends in the middle of a sentence, or where the predecessor went on."""

import re
from collections.abc import Iterator

from bot.lint.rule import Hit, quoted, rule, warning
from bot.lint.sheet import Sheet

DANGLING = re.compile(r"(?i)\b(?:and|or|the|a|an|of|to|with|for|in|by|that|which|when|if|must|should|not|your|is|are)\s*$")
ENOUGH = 40  # characters that are missing at the end; less is a changed last word


@rule
def cut_off(sheet: Sheet) -> Iterator[Hit]:
    text, last = sheet.text.text.rstrip(), len(sheet.text.text.rstrip().split("\n"))
    if not text or sheet.text.source:
        return
    if DANGLING.search(text[-60:]):
        yield warning(last, f"ends in the middle of a sentence: {quoted(text[-40:])}")
    elif sheet.was is not None and sheet.was.text.startswith(text) and len(sheet.was.text.rstrip()) - len(text) >= ENOUGH:
        yield warning(
            last, f"ends {len(sheet.was.text.rstrip()) - len(text)} characters before its predecessor, after {quoted(text[-40:])}"
        )
