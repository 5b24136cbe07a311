"""A slip of the keyboard: models follow the word that stands there, not the one that was meant."""

import re
from collections.abc import Iterator
from difflib import SequenceMatcher

from bot.lint.rule import Hit, quoted, rule, warning
from bot.lint.sheet import Sheet
from bot.lint.spelling import frequency, meant, one_slip

WORD = re.compile(r"(?<![\w`@./\\$#{<&%'’-])[a-z]{3,20}(?![\w`@/\\}>=('’-]|\.\w)")
CODE = re.compile(r"`[^`\n]{1,200}`|\bhttps?://\S{1,300}|\$?\{[^{}\n]{1,200}\}|<[^<>\n]{1,80}>")
DOUBLED = re.compile(r"(?i)(?<![\w-])(?P<word>[a-z]{2,20}) (?P=word)(?![\w-])")
FINE_TWICE = frozenset({"that", "had", "is", "very", "so", "no", "bla", "blah", "ha", "test", "foo", "really"})
FOREIGN = 0.2  # of the words of a line
OFTEN = 3  # times in a text: then it is a name
RARER = 5.0  # times: the word that stands here is that much rarer than the one it replaced
INFLECTED = re.compile(r"(?:s|es|d|ed|r|ly|n|y|e|al)$")


@rule
def spelling_slip(sheet: Sheet) -> Iterator[Hit]:
    text = sheet.text.text
    for number, line in sheet.text.prose:
        plain = CODE.sub(" ", line)
        if not _foreign(plain):
            for hit in WORD.finditer(plain):
                right = meant(hit[0])
                if right is not None and text.count(hit[0]) < OFTEN:
                    yield warning(number, f"{quoted(hit[0])} is not a word; {quoted(right)} is")
        for hit in DOUBLED.finditer(plain):
            if hit["word"].lower() not in FINE_TWICE:
                yield warning(number, f"{quoted(hit[0])} stands twice")
    yield from _changed_words(sheet)


def _foreign(line: str) -> bool:
    """Another language, or the arguments of a command: too many words are no English."""
    found = WORD.findall(line)
    return sum(frequency(word) == 0 for word in found) > max(1.0, FOREIGN * len(found))


def _changed_words(sheet: Sheet) -> Iterator[Hit]:
    """A word of the predecessor became a much rarer one by one slip: `are ready` -> `area ready`."""
    prose = {number for number, _ in sheet.text.prose}
    for changed in sheet.edit.changed if sheet.edit is not None else ():
        if changed.line not in prose:
            continue
        before, after = WORD.findall(CODE.sub(" ", changed.before)), WORD.findall(CODE.sub(" ", changed.after))
        for tag, i1, i2, j1, j2 in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
            if tag != "replace" or i2 - i1 != j2 - j1:
                continue
            for old, new in zip(before[i1:i2], after[j1:j2], strict=True):
                if _slipped(old, new):
                    yield warning(changed.line, f"{quoted(old)} became {quoted(new)}")


def _slipped(old: str, new: str) -> bool:
    if not one_slip(old, new):
        return False
    longer, shorter = sorted((old, new), key=len, reverse=True)
    if longer.startswith(shorter) and INFLECTED.search(longer):
        return False
    return meant(new) is None and frequency(old) > RARER * max(frequency(new), 1)
