"""Something that was to be filled in or decided is still in the text: it would be sent to the model, and often comes back to the user."""

import re
from collections.abc import Iterator

from bot.lint.rule import Hit, error, quoted, rule, warning
from bot.lint.sheet import Sheet

ESCAPED = re.compile(r"\\\$\{[a-zA-Z_][^}\n]{0,120}\}?")
FILL_IN = re.compile(
    r"<(?:PLACEHOLDER|INSERT|YOUR|TODO|FILL)[A-Z_ -]{0,40}>|\[(?:PLACEHOLDER|INSERT|YOUR|FILL"
    r"|ADD)\b[^\]\n]{0,60}\]|<[A-Z_]{2,40}PLACEHOLDER>"
    r"|\b(?:PLACEHOLDER|CHANGEME|CHANGE_ME|REPLACE_ME|FILL_ME_IN)\b|(?i:\blorem ipsum\b)"
)
TODO = re.compile(
    r"(?<![\[`\"'\w(])(?:TODO|FIXME|TBD|XXX)\b(?![\]`\"']|\s(?:lists?|items?|comments?|files?|tool)\b)"
    r"|\[(?:TODO|TBD|FIXME)(?::[^\]\n]{1,80})?\](?=\s*$)"
)
NOTHING = re.compile(
    r"\[object Object\]|\{\s?(?:undefined|null|None|NaN)\s?\}|\$\{\s?(?:undefined|null)\s?\}|\{\{\s?\}\}"
    r"|(?:^|[:,]\s|\b(?:Hello|Hi|Dear|user|customer|named|is|about|for|in|to|with)\s)(?:None|undefined|NaN)(?=[.,!?]?\s*$|[,!]\s)"
)
COMMENT = re.compile(r"^\s*(?://|#(?!#)\s|/?\*)")


@rule
def unresolved_placeholder(sheet: Sheet) -> Iterator[Hit]:
    source = sheet.text.source
    for number, line in enumerate(sheet.text.lines, 1):
        comment = bool(source and COMMENT.match(line))
        for hit in ESCAPED.finditer(line) if not comment else ():
            yield error(number, f"{quoted(hit[0])} is escaped and stays in the text as it is")
        if comment or _told_about(line):
            continue
        yield from (error(number, f"{quoted(hit[0])} was to be filled in") for hit in FILL_IN.finditer(line))
        yield from (warning(number, f"{hit[0]} left in the text") for hit in TODO.finditer(line))
        if number not in sheet.text.fenced and not source:
            yield from (error(number, f"{quoted(hit[0].strip())} stands where a value should") for hit in NOTHING.finditer(line))


TOLD = re.compile(
    r"(?i)(?:placeholders?|todos?)\b.{0,40}\b(?:comments?|like|such as|e\.?g)|\b(?:never|don't|do not|no"
    r"|without|avoid)\b.{0,60}(?:placeholder|todo|tbd|lorem)"
)


def _told_about(line: str) -> bool:
    """A prompt that forbids placeholders names them."""
    return TOLD.search(line) is not None
