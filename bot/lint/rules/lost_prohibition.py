"""What the model must never do, or must always refuse, is no longer said; or its `not` is gone."""

import re
from collections.abc import Iterator

from bot.lint.edit import words
from bot.lint.rule import Hit, error, info, quoted, rule, warning
from bot.lint.sheet import Sheet

NOT = re.compile(r"(?i)\b(?:not|never|n't|cannot|avoid|refuse|decline|without|no|forbidden|prohibited)\b|n't\b")
BAN = re.compile(
    r"(?i)\b(?:never|must not|mustn't|do not|don't|refuse|decline|cannot|under no circumstances|not allowed"
    r"|forbidden|prohibited|only if|escalate|always (?:ask|confirm|verify|refuse|escalate))\b"
)
RISK = re.compile(
    r"(?i)\b(?:harm\w*|unsafe|illegal|self-harm|suicid\w*|violen\w*|weapons?|medical|diagnos\w*|legal advice"
    r"|financial advice|medication|minors?|sexual\w*|hate|discriminat\w*"
    r"|personal(?:ly identifiable)? (?:data|information)|pii|privacy|private (?:data|information|keys?)"
    r"|confidential\w*|secrets?|credentials?|passwords?|api keys?|sensitive"
    r"|(?:system|these|internal) (?:prompt|instructions)|jailbreak|malicious|malware|exploit\w*|unauthori[sz]ed"
    r"|consent|fabricat\w*|hallucinat\w*|invent|make up|made.up|out of scope|refund\w*"
    r"|payment\w*|delet\w+|destructive|irreversibl\w*|safety|security|polic(?:y|ies))\b"
)
STILL = 0.6  # of the words of a removed ban stand together in one line: it was reworded


@rule
def lost_prohibition(sheet: Sheet) -> Iterator[Hit]:
    if sheet.edit is None or sheet.was is None:
        return
    prose = {number for number, _ in sheet.text.prose}
    for changed in sheet.edit.changed:
        if changed.line in prose and _turned(changed.before, changed.after):
            yield error(changed.line, f"{quoted(changed.before)} lost its `not`")
    standing = [set(_low(line)) for line in sheet.text.lines if line.strip()]
    for line, text in sheet.edit.gone:
        if not BAN.search(text) or not RISK.search(text) or _code(text):
            continue
        said = set(_low(text))
        if any(len(said & one) >= STILL * len(said) for one in standing):
            continue
        yield (info if sheet.edit.rewrites else warning)(line, f"no longer said: {quoted(text)}")


def _turned(before: str, after: str) -> bool:
    """The same sentence without its negation: every other word stays."""
    if len(NOT.findall(before)) <= len(NOT.findall(after)):
        return False
    kept = [word for word in _low(before) if not NOT.fullmatch(word) and not word.endswith("n't")]
    rest = [word for word in _low(after) if not NOT.fullmatch(word) and not word.endswith("n't")]
    spare = {"do", "does", "should", "must", "always", "can", "ever", "to", "you", "may", "will"}
    kept, rest = [word for word in kept if word not in spare], [word for word in rest if word not in spare]
    return len(rest) >= 2 and kept == rest


def _low(text: str) -> list[str]:
    return [word.lower().replace("’", "'") for word in words(text)]


def _code(text: str) -> bool:
    return text.startswith(("//", "/*", "* ", "import ", "from ", "const ", "return ", "if "))
