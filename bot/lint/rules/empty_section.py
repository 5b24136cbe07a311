"""A heading with nothing below it before the next one: its content was lost. The last heading waits for what is appended."""

import re
from collections.abc import Iterator

from bot.lint.rule import Hit, info, quoted, rule, warning
from bot.lint.sheet import Sheet

HEADING = re.compile(r"^\s{0,3}(?P<level>#{1,6})\s+(?P<title>\w.{0,80}?)(?<!:)$")
PAIR = re.compile(r"<(?P<name>[a-z][\w-]{1,40})>\s*</(?P=name)>")
EMPTY_FENCE = re.compile(r"^\s*```\w*\s*$")


@rule
def empty_section(sheet: Sheet) -> Iterator[Hit]:
    template = sheet.text
    if template.source:
        return
    lines = template.lines
    before = {section.title: bool(section.body) for section in sheet.was.sections} if sheet.was is not None else None
    for number, line in enumerate(lines, 1):
        heading = HEADING.match(line) if number not in template.fenced else None
        if heading is not None:
            below = next((text for text in lines[number:] if text.strip()), None)
            other = HEADING.match(below) if below is not None else None
            if below is not None and (other is not None and len(other["level"]) <= len(heading["level"])):
                lost = before is None or before.get(heading["title"].strip(" :*#"), False)
                yield (warning if lost else info)(number, f"nothing stands below {quoted(heading['title'])}")
    yield from (
        warning(template.text.count("\n", 0, hit.start()) + 1, f"{quoted(hit['name'])} holds nothing")
        for hit in PAIR.finditer(template.text)
    )
