"""The same instruction twice in a row or nearby: pasted twice, and only one of the two will be edited next time."""

import re
from collections.abc import Iterator

from bot.lint.edit import words
from bot.lint.rule import Hit, quoted, rule, warning
from bot.lint.sheet import Sheet

LONG = 25  # characters; shorter lines (`- Etc.`, `</example>`) repeat on purpose
NEAR = 80  # lines apart
NEAR_IN_SOURCE = 12  # files of several prompts, and prompts put together from branches, repeat whole paragraphs
SENTENCE = 4  # words; in source most other lines that repeat are code
BORDER = re.compile(r'"""|`;|=\s*`|^\s*(?:export )?(?:async )?(?:function|def|class)\b')
CALL = re.compile(r"\w\([^)\n]{0,200}\).{0,40}[,;{]$|^//")
DECOR = re.compile(r"^[\W_]*$")


@rule
def duplicate_line(sheet: Sheet) -> Iterator[Hit]:
    seen: dict[str, int] = {}
    source = bool(sheet.text.source)
    near = NEAR_IN_SOURCE if source else NEAR
    readable = {number for number, _ in sheet.text.prose}
    for number, line in enumerate(sheet.text.lines, 1):
        text = line.strip()
        if source and BORDER.search(line):
            seen.clear()  # another prompt of the same file begins
            continue
        if DECOR.match(text) or number not in readable or (source and len(words(text)) < SENTENCE):
            continue
        if len(text) < LONG or text[0] in "\"'{}[]<@#(|" or text[-1] in "\\|" or CALL.search(text):
            continue
        if text in seen and number - seen[text] <= near:
            yield warning(number, f"stands already on line {seen[text]}: {quoted(text)}")
        seen[text] = number
