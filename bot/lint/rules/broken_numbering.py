"""A numbered list that skips or repeats a number: a step was lost, or `see step 3` points at another one."""

import re
from collections.abc import Iterator

from bot.lint.rule import Hit, rule, warning
from bot.lint.sheet import Sheet

ITEM = re.compile(r"^(?P<indent>\s{0,12})(?:\*\*)?(?P<n>\d{1,2})(?P<mark>[.)])(?:\*\*)?\s+\S")
GAP = 25  # lines between two items of one list
HEADING = re.compile(r"^\s*(?:#{1,6}\s|\*\*[^*]+\*\*:?\s*$|</?\w+>\s*$|[A-Z][\w &/-]{2,60}:\s*$)|\"\"\"|`;")


@rule
def broken_numbering(sheet: Sheet) -> Iterator[Hit]:
    """A list restarts at 1 whenever it likes; an item computed in source may stand for any number."""
    open_lists: dict[tuple[int, str], tuple[int, int]] = {}
    for number, line in enumerate(sheet.text.lines, 1):
        item = ITEM.match(line) if number not in sheet.text.fenced else None
        if item is None:
            if HEADING.search(line) or "${" in line or re.match(r"\s*\{%?\w*", line):
                open_lists.clear()
            continue
        key = (len(item["indent"]), item["mark"])
        n = int(item["n"])
        last, where = open_lists.get(key, (0, number))
        if last and n not in (1, last + 1) and number - where <= GAP:
            yield warning(number, f"{n} follows {last}")
        open_lists = {one: value for one, value in open_lists.items() if one[0] < key[0]}
        open_lists[key] = (n, number)
