"""A fence, a tag or a bracket that never closes: what follows is read as part of the example."""

import re
from collections import Counter
from collections.abc import Iterator

from bot.lint.rule import Hit, quoted, rule, warning
from bot.lint.sheet import Sheet
from bot.lint.template import Template

TAG = re.compile(r"<(?P<end>/?)(?P<name>[a-z][a-z0-9]*(?:[_-][a-z0-9]+)*)(?P<own>\s[^<>\n]{0,120})?(?P<self>/?)>")
VOID = frozenset({"br", "hr", "img", "input", "meta", "link", "p", "li", "td", "tr", "th"})
TRIPLE = re.compile(r'(?<!\\)"""')
COMMENT = re.compile(r"<!--|-->")


@rule
def unbalanced_markup(sheet: Sheet) -> Iterator[Hit]:
    template = sheet.text
    if len(template.fences) % 2:
        yield warning(template.fences[-1], "a fence opens or closes that has no other end")
    yield from _tags(template)
    if not template.source and len(TRIPLE.findall(template.text)) % 2:
        yield warning(_line(template, TRIPLE), "triple quotes open and do not close")
    marks = Counter(COMMENT.findall(template.text))
    if marks["<!--"] != marks["-->"]:
        yield warning(_line(template, COMMENT), "a comment opens and does not close")
    yield from _brackets(template)


def _tags(template: Template) -> Iterator[Hit]:
    """Only names that are both opened and closed somewhere, or closed without being opened: `<type>` alone is a blank to fill."""
    opened: Counter[str] = Counter()
    closed: Counter[str] = Counter()
    where: dict[str, int] = {}
    for number, line in enumerate(template.lines, 1):
        for hit in TAG.finditer(re.sub(r"`[^`\n]{1,200}`", "", line)):
            name = hit["name"]
            if name in VOID or hit["self"]:
                continue
            (closed if hit["end"] else opened)[name] += 1
            where[name] = number
    for name in sorted(closed):
        if closed[name] != opened[name] and (opened[name] == 0 or closed[name] > opened[name] or _block(template, name)):
            yield warning(where[name], f"tag {quoted(name)} is opened {opened[name]} times and closed {closed[name]} times")
    yield from (
        warning(where[name], f"tag {quoted(name)} is opened and never closed")
        for name in sorted(set(opened) - set(closed))
        if _alone(template, name)
    )


def _block(template: Template, name: str) -> bool:
    """Whether the tag stands on lines of its own: in the running text it is only mentioned."""
    return any(line.strip() in (f"<{name}>", f"</{name}>") for line in template.lines)


def _alone(template: Template, name: str) -> bool:
    return not template.source and any(line.strip() == f"<{name}>" for line in template.lines)


def _brackets(template: Template) -> Iterator[Hit]:
    """A parenthesis in a sentence that has no other end in its paragraph."""
    for number, line in template.prose:
        text = re.sub(r"`[^`\n]{0,200}`|\"[^\"\n]{0,200}\"|'[()\[\]]'|[:;][-']?[()]|(?:^|\s)\(?[\da-zA-Z]{1,2}\)(?=\s)", "", line)
        if template.source or not re.search(r"[.!?:]\s*$", text):
            continue
        for opening, closing in ("()", "[]"):
            if text.count(opening) != text.count(closing):
                yield warning(number, f"`{opening}` and `{closing}` do not pair in {quoted(line.strip())}")


def _line(template: Template, pattern: re.Pattern[str]) -> int:
    return max((number for number, line in enumerate(template.lines, 1) if pattern.search(line)), default=1)
