"""Dedup keys: the vendor's own where it is short and plain, else its hash."""

import hashlib
import re

LONGEST = 128  # PagerDuty allows 255, Alertmanager's groupKey is endless; longer keys are hashed
_PLAIN = re.compile(r"[\w.:/@+=-]{1,128}", re.ASCII)
_BRACKETS = re.compile(r"\[[^\]]{0,40}\]|\([^)]{0,40}\)")  # [FIRING:2], (3 alerts)
_CHANGING = re.compile(
    r"\b(?:re-?)?(?:firing|resolved|triggered|recovered|recovery|no data|warn(?:ing)?|alert(?:ing)?|ok|closed|open|has|is)\b"
)
_READING = re.compile(  # a measured value: with a unit or a fraction, and not the rule's own threshold ("over 90 %")
    r"(?<!over )(?<!above )(?<!below )(?<!under )(?<!than )(?<![<>=] )(?<![<>=])(?<!exceeds )(?<!exceeded )(?<![\w.-])"
    r"\d+(?:\.\d+|(?=\s?(?:%|ms\b|s\b|x\b)))"
)


def key(*parts: str | None) -> str:
    """One stable key of the parts that are there: as it is when it is a single plain word, else hashed. Never empty."""
    there = [part for part in parts if part]
    if len(there) == 1 and _PLAIN.fullmatch(there[0]):
        return there[0]
    return digest(*there)


def digest(*parts: str) -> str:
    """A hash that tells ("ab", "c") from ("a", "bc")."""
    told = "".join(f"{len(part)}:{part}" for part in parts)
    return f"h:{hashlib.sha256(told.encode('utf-8', 'replace')).hexdigest()[:32]}"


def of_labels(labels: dict[str, str], without: frozenset[str] = frozenset()) -> str:
    """What a set of labels is called; those that change while the incident lasts are left out."""
    return digest(*(f"{name}={value}" for name, value in sorted(labels.items()) if name not in without))


def steady(title: str) -> str:
    """A title without what changes between firing and resolved: bracketed status, measured values, and the words for both."""
    return " ".join(_READING.sub("#", _CHANGING.sub(" ", _BRACKETS.sub(" ", title.casefold()))).split())
