"""A stranger's text, safe to keep: no control, bidirectional or invisible signs, and not endless."""

import re
import unicodedata

TITLE = 300  # two lines of a Slack header; the rest belongs in the description
DESCRIPTION = 4_000  # a screen; Slack cuts a section at 3,000
LONGEST = 20_000  # what is read of any text at all, so that a megabyte of spaces costs nothing

_ANSI = re.compile(r"\x1b\[[0-9;:?]{0,20}[ -/]{0,4}[@-~]|\x1b[@-Z\\-_]")
_BREAKS = re.compile(r"\r\n?|[\u2028\u2029\x0b\x0c\x85]")
_GAPS = re.compile(r"[^\S\n]+")
_BLANK_LINES = re.compile(r"\n{3,}")
_INVISIBLE = frozenset({"Cc", "Cf", "Cs", "Co", "Cn"})  # control, format (bidi, zero width, tags), halves of pairs, private, unassigned


def clean(text: str, cap: int = DESCRIPTION) -> str:
    """With its line breaks, at most `cap` characters."""
    text = _BREAKS.sub("\n", _ANSI.sub("", text[:LONGEST]))
    if not text.isascii() or not text.isprintable():
        text = "".join(sign for sign in text if sign in "\n\t" or unicodedata.category(sign) not in _INVISIBLE)
    text = _BLANK_LINES.sub("\n\n", _GAPS.sub(" ", text))
    return _cut("\n".join(part.strip() for part in text.split("\n")).strip(), cap)


def line(text: str, cap: int = DESCRIPTION) -> str:
    """On one line, at most `cap` characters."""
    return _cut(" ".join(clean(text, LONGEST).split()), cap)


def _cut(text: str, cap: int) -> str:
    return text if len(text) <= cap else text[: cap - 1].rstrip() + "…"
