"""A model, tool or identifier that must not be named any more."""

import re
from collections.abc import Iterator

from bot.lint.rule import Hit, error, quoted, rule, warning
from bot.lint.sheet import Sheet

RETIRED = re.compile(  # switched off by their vendors, from the vendors' pages of deprecations
    r"(?i)(?<![\w/-])(?:text-(?:davinci|curie|babbage|ada)-\d{3}|code-(?:davinci|cushman)-\d{3}|gpt-3\.5-turbo-(?:0301|0613|16k-0613)|gpt-4-(?:0314|32k(?:-0314|-0613)?|vision-preview)"
    r"|claude-(?:instant-)?(?:1(?:\.\d)?|2(?:\.[01])?)|claude-3-(?:sonnet-20240229|opus-20240229)|text-bison(?:@\d+)?|chat-bison(?:@\d+)?|code-bison(?:@\d+)?"
    r"|gemini-1\.0-pro(?:-\w+)?|gemini-pro-vision|palm-2|command-(?:light-)?nightly|text-embedding-ada-001|text-similarity-\w+-001)(?![\w-])"
)


@rule
def deprecated_identifier(sheet: Sheet) -> Iterator[Hit]:
    declared = [(name, re.compile(rf"(?<![\w-]){re.escape(name)}(?![\w-])")) for name in sheet.meta.deprecated]
    for number, line in enumerate(sheet.text.lines, 1):
        yield from (error(number, f"{quoted(name)} is declared deprecated") for name, pattern in declared if pattern.search(line))
        yield from (warning(number, f"{quoted(hit[0])} was switched off by its vendor") for hit in RETIRED.finditer(line))
