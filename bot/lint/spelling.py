"""How far two spellings are apart, and whether a word is English. The words come from pyspellchecker's frequency list."""

from __future__ import annotations

from functools import cache

from spellchecker import SpellChecker

COMMON = 400  # occurrences in the list: a word people mean; below it are names, and slips that were counted too

EVERYDAY = 100_000  # occurrences; among short words a slip is told from a name only by two letters that changed places (`teh`)
LONG = 6  # letters
_JARGON = """
args arxiv async await backend boolean booleans changelog chatbot chatbots chunked chunking codebase codebases config
configs dataset datasets docstring docstrings embedding embeddings endpoint endpoints enum enums eslint frontend github
gitlab grafana hardcode hardcoded hardcoding inline inlined kubernetes kwargs linter linters localhost lookup lookups
macos markdown metadata middleware monorepo noqa numpy pandas param params plugin plugins preprocess pytest ranker
refactor refactors regex regexes rerank reranker rerun reruns serializable stderr stdin stdout subagent subagents
timestamp timestamps tokenize tokenizer toolkits tuple tuples upfront upsert webpack whitespace workflows workspace
workspaces
"""  # no English, and meant
JARGON = frozenset(_JARGON.split())


def one_slip(one: str, other: str) -> bool:
    """Whether one edit makes one of the other: a letter more, less or other, or two neighbours changed places.

    Not a plural, not a number: `file`/`files` and `query1`/`query2` are different names on purpose.
    """
    if one == other or abs(len(one) - len(other)) > 1:
        return False
    short, long = sorted((one, other), key=len)
    if len(short) != len(long):
        at = next((i for i, (a, b) in enumerate(zip(short, long, strict=False)) if a != b), len(short))
        extra = long[at]
        return short[at:] == long[at + 1 :] and not extra.isdigit() and not (at == len(short) and extra in "sdSD_")
    differ = [i for i, (a, b) in enumerate(zip(one, other, strict=True)) if a != b]
    if len(differ) == 1:
        return not (one[differ[0]].isdigit() or other[differ[0]].isdigit())
    return len(differ) == 2 and differ[1] == differ[0] + 1 and one[differ[0]] == other[differ[1]] and one[differ[1]] == other[differ[0]]


@cache
def _words() -> SpellChecker:
    return SpellChecker(language="en", distance=1)


def frequency(word: str) -> int:
    """Occurrences in the list; 0 for what is no English word."""
    return int(_words().word_frequency.dictionary.get(word.lower(), 0))


@cache
def meant(word: str) -> str | None:
    """The common word this one was meant to be; None for a word, a compound of words, or nothing alike."""
    lowered = word.lower()
    if frequency(lowered) or lowered in JARGON or _compound(lowered):
        return None
    near = [one for one in (_words().candidates(lowered) or ()) if one != lowered and one_slip(lowered, one)]
    near = [one for one in near if not _british(lowered, one)]
    least = COMMON if len(lowered) >= LONG else EVERYDAY
    near = [one for one in near if frequency(one) >= least and (len(lowered) >= LONG or sorted(one) == sorted(lowered))]
    return max(sorted(near), key=frequency, default=None)


def _british(one: str, other: str) -> bool:
    """`specialises`, `flavoured`: the list has the American spelling."""
    return one.replace("ise", "ize").replace("isa", "iza").replace("isi", "izi").replace("our", "or").replace("yse", "yze").replace(
        "ll", "l"
    ) == other.replace("ll", "l")


PREFIXES = ("un", "re", "non", "sub", "pre", "co", "de", "multi", "auto", "meta", "micro", "super", "inter", "mis", "over", "under")
ENDINGS = ("s", "es", "ed", "d", "ing", "er", "ers", "ly", "able", "ness", "less", "ful", "ization", "ize", "ized", "izing", "ise", "ised")


def _compound(word: str) -> bool:
    """`codebase`, `subagent`, `linters`: made of words on purpose."""
    if any(frequency(word[: len(word) - len(end)]) >= COMMON for end in ENDINGS if word.endswith(end) and len(word) - len(end) >= 3):
        return True
    if any(frequency(word[len(start) :]) >= COMMON for start in PREFIXES if word.startswith(start) and len(word) - len(start) >= 4):
        return True
    return any(frequency(word[:i]) >= COMMON and frequency(word[i:]) >= COMMON for i in range(3, len(word) - 2))
