"""A tool the agent does not have, a tool named twice, or a known tool with a slip in its name: the call fails."""

import re
from collections.abc import Iterator

from bot.lint.rule import Hit, error, quoted, rule, warning
from bot.lint.sheet import Sheet
from bot.lint.spelling import one_slip

MENTION = re.compile(
    r"(?i)(?:\b(?:call|use|using|invoke|run|with|the)\s+(?:the\s+)?(?:tool\s+)?[`\"'](?P<a>[a-z][a-z0-9]*(?:[_.-][a-z0-9]+)+)(?:\(\))?[`\"']|[`\"'](?P<b>[a-z]\w{2,60})(?:\(\))?[`\"']\s+(?:tool|function)\b)"
)
LISTED = re.compile(
    r"^\s{0,8}(?:[-*]|\d{1,2}[.)])\s{1,3}[`*\"']{0,3}(?P<name>[a-z][a-z0-9]*(?:_[a-z0-9]+)+)[`*\"']{0,3}\s{0,2}(?:\([^)\n]{0,120}\))?\s{0,2}(?:[:–—-]|$)"
)
NAME = re.compile(r"(?<![\w{./-])[a-z][a-z0-9]*(?:_[a-z0-9]+)+(?![\w}/])")


@rule
def unknown_tool(sheet: Sheet) -> Iterator[Hit]:
    tools = frozenset(sheet.meta.tools)
    listed: dict[str, int] = {}
    for number, line in enumerate(sheet.text.lines, 1):
        for hit in MENTION.finditer(line):
            name = hit["a"] or hit["b"]
            if tools and name not in tools and name not in sheet.text.names:
                yield error(number, f"{quoted(name)} is not among the declared tools")
        if (one := LISTED.match(line)) is not None:
            name = one["name"]
            if name in listed and number - listed[name] < 60:
                yield warning(number, f"{quoted(name)} is already listed on line {listed[name]}")
            listed.setdefault(name, number)
    yield from _slips(sheet, tools)


def _slips(sheet: Sheet, tools: frozenset[str]) -> Iterator[Hit]:
    """A name with underscores that is one slip away from a declared tool, or from one that the predecessor named there."""
    before = {name for line in sheet.was.lines for name in NAME.findall(line)} if sheet.was is not None and not sheet.text.source else set()
    known = tools | before
    for number, line in enumerate(sheet.text.lines if known else (), 1):
        for hit in NAME.finditer(line):
            meant = sorted(other for other in known if hit[0] not in known and one_slip(hit[0], other))
            if meant:
                yield warning(number, f"{quoted(hit[0])} differs by a slip from {quoted(meant[0])}")
