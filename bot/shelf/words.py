"""Text -> the words search compares: identifiers taken apart, endings cut, and the alert names a text carries."""

import re
from functools import lru_cache
from itertools import pairwise

QUERY_CHARS = 4000  # of a query; an alert's description longer than this is a pasted log
STEMS_KEPT = 100_000  # words whose stem is remembered, some 15 MB: a shelf says the same ones over and over
STEM_LEAST = 3  # letters that must remain when an ending is cut

_COMMON = """a an and are as at be been but by can could do does for from had has have how if in into is it its may might not of on or
our should so such than that the their them then there these they this to was we were what when which who will with would you your var"""
_STOP = frozenset(_COMMON.split())
_CAMEL = re.compile(r"([a-z0-9])([A-Z])")
_ACRONYM = re.compile(r"([A-Z]+)([A-Z][a-z])")
_WORD = re.compile(r"[^\W_]+")
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9]*(?:[._/-][A-Za-z0-9]+)*")
_HUMPS = re.compile(r"[A-Z][a-z0-9]+")
_HOLE = re.compile(r"\{\{[^{}\n]{0,200}\}\}|<[a-z_ ]{1,30}>|\$\{?[A-Za-z_][\w.]*\}?")
_ENDINGS = (("ied", "y"), ("ies", "y"), ("sses", "ss"), ("ing", ""), ("ed", ""), ("es", "e"), ("s", ""))
_DOUBLED = re.compile(r"([bdgmnprt])\1$")  # what "ing" and "ed" double: dropped, lagging, running; not passed, called, buzzed


def words(text: str) -> list[str]:
    """Lower-case stems in order, stop words and single letters dropped: `KubePodCrashLooping` -> kube, pod, crash, loop."""
    apart = _ACRONYM.sub(r"\1 \2", _CAMEL.sub(r"\1 \2", text))
    return [_stem(word) for word in _WORD.findall(apart.lower()) if len(word) > 1 and word not in _STOP]


@lru_cache(STEMS_KEPT)
def _stem(word: str) -> str:
    """Plural, -ed and -ing cut, and a last e; two words that differ in more stay apart. Retried is retry, dropping is drop."""
    for ending, instead in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= STEM_LEAST and not word.endswith("ss"):
            word = word[: -len(ending)] + instead
            if ending in ("ing", "ed") and len(word) > STEM_LEAST:
                word = _DOUBLED.sub(r"\1", word)
            break
    return word[:-1] if word.endswith("e") and len(word) > STEM_LEAST + 1 else word


def key(name: str) -> str:
    """`Kube Pod Crash Looping`, `kube-pod-crash-looping` and `KubePodCrashLooping` are one name."""
    return re.sub(r"[\W_]+", "", name).lower()


def names(text: str) -> tuple[str, ...]:
    """What may be an identifier in the text, in order: `InstanceDown`, `retrieval.timeout`, `Watchdog` (a capital); no plain words."""
    found = (match.group(0) for match in _NAME.finditer(text[:QUERY_CHARS]))
    return tuple(dict.fromkeys(name for name in found if is_name(name) or name[:1].isupper()))


def is_name(word: str) -> bool:
    """Two humps or more, or parts joined by a mark."""
    return len(_HUMPS.findall(word)) > 1 or bool(re.search(r"[A-Za-z0-9][._/-][A-Za-z]", word))


def is_alert_name(word: str) -> bool:
    """CamelCase of two humps or more without blanks: how alerts are named in Prometheus rules."""
    return word.isalnum() and len(_HUMPS.findall(word)) > 1


def phrases(stems: list[str]) -> list[str]:
    """Pairs of neighbours: what tells "disk full" from a full log about a disk."""
    return [f"{one} {other}" for one, other in pairwise(stems)]


def plain(query: str) -> str:
    """A question without the holes of an alert's template (`<var>`, `{{ $labels.job }}`), cut to QUERY_CHARS."""
    return " ".join(_HOLE.sub(" ", query[:QUERY_CHARS]).split())
