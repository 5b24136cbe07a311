"""Signs nobody sees, letters that look like others, and broken encoding: the model reads another text than its reviewer."""

import re
import unicodedata
from collections.abc import Iterator

from bot.lint.rule import Hit, error, quoted, rule, warning
from bot.lint.sheet import Sheet

HIDDEN = re.compile("[\u00ad\u200b\u200e\u200f\u2060-\u2064\u202a-\u202e\u2066-\u2069\U000e0000-\U000e007f\u180e]|(?<!^)\ufeff")
JOINER = re.compile("[\u200c\u200d]")
CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
MIXED = re.compile(
    r"[A-Za-z]+[\u0370-\u03ff\u0400-\u04ff]+[A-Za-z]+|(?<![^\W\d_])[\u0400-\u04ff\u0370-\u03ff][A-Za-z]{2,}|[A-Za-z]{2,}[\u0400-\u04ff\u0370-\u03ff](?![^\W\d_])"
)
BROKEN = re.compile(
    "\ufffd|\u00e2\u20ac[\u201c\u201d\u2122\u0153\u02dc\u00a6\u009d\u0093\u0094]?|\u00c3[\u00a0-\u00bf]|\u00c2[\u00a0-\u00bf]"
)


@rule
def invisible_character(sheet: Sheet) -> Iterator[Hit]:
    for number, line in enumerate(sheet.text.lines, 1):
        for hit in HIDDEN.finditer(line):
            yield error(number, f"invisible sign U+{ord(hit[0]):04X} {unicodedata.name(hit[0], '').lower()}")
        for hit in JOINER.finditer(line):
            if line[max(0, hit.start() - 1) : hit.start()].isascii() and line[hit.end() : hit.end() + 1].isascii():
                yield error(number, f"invisible sign U+{ord(hit[0]):04X} between Latin letters")
        yield from (error(number, f"control sign U+{ord(hit[0]):04X}") for hit in CONTROL.finditer(line))
        yield from (error(number, f"{quoted(hit[0])} mixes letters of two alphabets") for hit in MIXED.finditer(line))
        yield from (warning(number, f"broken encoding: {quoted(hit[0])}") for hit in BROKEN.finditer(line))
