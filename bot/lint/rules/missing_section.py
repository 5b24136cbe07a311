"""A section that must be there is not: declared as required, or there before and about safety, format or rules."""

import re
from collections.abc import Iterator

from bot.lint.rule import Hit, error, info, quoted, rule, warning
from bot.lint.sheet import Sheet
from bot.lint.template import Section, Template

SAFETY = re.compile(
    r"(?i)\b(?:safety|safeguards?|guard-?rails?|polic(?:y|ies)|privacy|complian(?:ce|t)|security"
    r"|confidential\w*|harm(?:ful)?|ethic\w*|moderation|refusals?|disclaimers?"
    r"|prohibited|forbidden|restricted|boundaries|escalation)\b"
)
BINDING = re.compile(
    r"(?i)\b(?:rules?|constraints?|requirements?|mandates?|limitations?|guidelines?|instructions?|(?:output"
    r"|response|answer) ?(?:format|schema)?|format(?:ting)?|do not|don'?ts?)\b"
)
KEPT = 0.5  # of a section's lines stand elsewhere: it was moved or renamed
MARK = re.compile(r"[^a-z0-9]+")


@rule
def missing_section(sheet: Sheet) -> Iterator[Hit]:
    last = len(sheet.text.lines)
    plain = _plain(sheet.text.text)
    for wanted in sheet.meta.required_sections:
        if _plain(wanted) not in plain:
            yield error(last, f"required section {quoted(wanted)} is missing")
    if sheet.was is None:
        return
    titles = {_plain(section.title) for section in sheet.text.sections}
    lines = {line.strip() for line in sheet.text.lines}
    for section in sheet.was.sections:
        if _plain(section.title) in titles or not section.body or _kept(section, lines) >= KEPT:
            continue
        if _renamed(section, sheet.text):
            continue
        assert sheet.edit is not None
        yield _judged(section, last, sheet.edit.rewrites)


def _judged(section: Section, last: int, replaced: bool) -> Hit:
    """`replaced`: in a text that was rewritten a section may go for many good reasons."""
    claim = f"section {quoted(section.title)} of the predecessor is gone"
    if SAFETY.search(section.title):
        return error(last, claim)
    if replaced or section.title.lower().startswith("example"):
        return info(last, claim)
    if BINDING.search(section.title) or any(SAFETY.search(line) for line in section.body):
        return warning(last, claim)
    return info(last, claim)


def _kept(section: Section, lines: set[str]) -> float:
    return sum(line in lines for line in section.body) / len(section.body)


def _renamed(section: Section, now: Template) -> bool:
    """A heading of the new text that shares most words with the old one: `Safety` -> `Safety rules`."""
    words = set(_plain(section.title).split())
    return any(words and len(words & set(_plain(one.title).split())) >= 0.6 * len(words) for one in now.sections)


def _plain(text: str) -> str:
    return MARK.sub(" ", text.lower()).strip()
