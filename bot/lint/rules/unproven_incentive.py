"""Tips, threats and pity addressed to the model: unproven, and they surface in answers to customers."""

import re
from collections.abc import Iterator

from bot.lint.rule import Hit, quoted, rule, warning
from bot.lint.sheet import Sheet

FOLK = re.compile(
    r"(?i)\b(?:will |i'll |going to )?tip (?:you )?(?:up to )?[$€£]\s?\d[\d,]*|\b(?:i|you) (?:will|'ll) (?:be "
    r"fired|lose (?:my|your) job|die|be (?:shut down|punished|penali[sz]ed))\b|\bmy (?:career|job|life) "
    r"depends on\b"
    r"|\b(?:i have|has) no (?:fingers|hands)\b|\bgrandm(?:a|other) (?:used to|will)\b|\b(?:kittens?|puppies"
    r"|people) (?:will )?(?:die|be killed)\b|\b(?:is|i am|i'm) blind\b"
)


@rule
def unproven_incentive(sheet: Sheet) -> Iterator[Hit]:
    for number, line in enumerate(sheet.text.lines, 1):
        yield from (warning(number, f"{quoted(hit[0])} is no instruction") for hit in FOLK.finditer(line))
