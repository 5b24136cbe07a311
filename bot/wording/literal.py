"""Text from strangers, made fit to be shown: no control, bidi or invisible characters, no terminal escapes, and not too long."""

import re
import unicodedata

ELLIPSIS = "…"
READ = 8  # times the cap: how much of an absurdly long text is looked at before it is cut
MARKS = 3  # combining marks on one character; no script needs more, stacked ones spill over the lines around them

_ESCAPES = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-_])")
_BLANK = frozenset("\u115f\u1160\u2800\u3164\uffa0")  # letters by category, but nothing is drawn
_INVISIBLE = frozenset({"Cc", "Cf", "Cs", "Co", "Cn"})


def units(text: str) -> int:
    """Length in UTF-16 code units, as Slack's clients count."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def one_line(text: str, cap: int) -> str:
    """At most `cap` UTF-16 units on one line, ending in an ellipsis when something was cut."""
    return cut(" ".join(_visible(text[: cap * READ]).split()), cap)


def several_lines(text: str, cap: int) -> str:
    """As one_line, but line breaks and indentation stay: for commands, runbooks and page bodies."""
    rows = _visible(text[: cap * READ].replace("\r\n", "\n").replace("\r", "\n").expandtabs(4), keep="\n").split("\n")
    return cut("\n".join(row.rstrip() for row in rows).strip("\n"), cap)


def cut(text: str, cap: int) -> str:
    """The text, or its beginning and an ellipsis."""
    if units(text) <= cap:
        return text
    kept = text[: max(cap - 1, 0)]
    while units(kept) > cap - 1:
        kept = kept[:-1]
    return kept.rstrip() + ELLIPSIS


def _visible(text: str, keep: str = "") -> str:
    kept: list[str] = []
    marks = 0
    for letter in _ESCAPES.sub("", text):
        category = unicodedata.category(letter)
        marks = marks + 1 if category in {"Mn", "Me"} else 0
        if letter in keep:
            kept.append(letter)
        elif category in {"Zs", "Zl", "Zp"} or letter in "\t\n\r\v\f":
            kept.append(" ")
        elif category not in _INVISIBLE and letter not in _BLANK and marks <= MARKS:
            kept.append(letter)
    return "".join(kept)
