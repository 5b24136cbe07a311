"""The words of an utterance: tidied, shorthand spelt out, slips mended against the words that questions here are made of."""

import difflib
import re
from collections.abc import Collection
from functools import lru_cache

from spellchecker import SpellChecker

from bot.wording.literal import one_line

CAP = 1_000  # characters of a question that are read; people ask in under a hundred, the rest is pasted text
MENDED = 4  # letters from which a slip is mended: shorter words have too many neighbours
NEAR = 0.79  # likeness (difflib) of a word to the one it is taken for: one slip in a word of five letters
SHORTHAND = {
    "u": "you", "ur": "you are", "r": "are", "y": "why", "pls": "please", "plz": "please", "wat": "what", "wot": "what", "whos": "who is",
    "whats": "what is", "wheres": "where is", "hows": "how is", "whys": "why is", "wen": "when", "cuz": "because", "bc": "because",
    "rn": "right now", "ppl": "people", "smth": "something", "smn": "someone", "thx": "thanks", "ty": "thanks", "cant": "can't",
    "dont": "don't", "couldnt": "couldn't", "wasnt": "wasn't", "isnt": "isn't", "didnt": "didn't", "doesnt": "doesn't", "its": "it's",
    "thats": "that's", "gimme": "give me", "wanna": "want to", "gonna": "going to", "b4": "before", "abt": "about", "shud": "should",
    "shuld": "should", "culd": "could", "vs.": "vs", "versus": "vs", "kno": "know", "tho": "though", "oncall": "on call",
    "on-call": "on call", "sth": "something", "m8": "mate", "oki": "ok", "k": "ok", "w/": "with",
    "whom": "who", "btw": "by the way",
    "bill's": "bill is", "shoud": "should", "cud": "could", "wut": "what", "wth": "what", "wtf": "what", "hw": "how", "nd": "and",
}  # fmt: skip
_QUOTED = re.compile(r"```.*?(?:```|\Z)|^\s*(?:>|&gt;)[^\n]*$", re.DOTALL | re.MULTILINE)
_ADDRESS = re.compile(r"<[@!#][^>]*>|<?https?://\S+>?|(?<!\S)@?midwatch\b[,:]?", re.IGNORECASE)
_TOKEN = re.compile(r"[\w./:#%+'’-]+|[?!,;]")


def tidy(text: str) -> str:
    """One line without what is addressed or quoted: mentions, links, code blocks and quoted lines are data, not the question."""
    bare = _ADDRESS.sub(" ", _QUOTED.sub(" ", text[: CAP * 4]))
    kept = bare if bare.strip() else text  # all of it was quoted: then that is the question
    line = one_line(kept, CAP)
    for curly, straight in (("’", "'"), ("‘", "'"), ("“", '"'), ("”", '"')):
        line = line.replace(curly, straight)
    return line.strip()


def tokens(text: str) -> list[str]:
    return _TOKEN.findall(text.lower())


def mended(text: str, known: Collection[str]) -> str:
    """Lower case, shorthand spelt out, and each word that is none taken for the nearest word of `known`."""
    told = [_mend(SHORTHAND.get(token, token), known) for token in tokens(text)]
    return re.sub(r"\s+([?!,;])", r"\1", " ".join(told)).strip()


def is_word(word: str) -> bool:
    """Whether English has it, or it is no plain word at all (a number, an id, a path)."""
    return not word.isalpha() or word in _english()


def is_rare(word: str) -> bool:
    """Whether English hardly uses it: such a word, standing where a name stands, is a name."""
    return word.isalpha() and _english().word_frequency.dictionary.get(word, 0) < RARE


RARE = 1_000  # times in the dictionary's corpus; `acme` has 70, `model` 36,000


def _mend(word: str, known: Collection[str]) -> str:
    if len(word) < MENDED or word in known or not word.isalpha() or " " in word:
        return word
    if not is_rare(word):
        return word
    near = _nearest(word, tuple(sorted(known)))
    return near if near is not None else word


@lru_cache(maxsize=4096)
def _nearest(word: str, known: tuple[str, ...]) -> str | None:
    like = [one for one in known if one[0] == word[0] and abs(len(one) - len(word)) <= 2]  # a slip in the first letter is rare
    swapped = [one for one in like if sorted(one) == sorted(word)]
    found = swapped or difflib.get_close_matches(word, like, n=1, cutoff=NEAR)
    return found[0] if found else None


@lru_cache(maxsize=1)
def _english() -> SpellChecker:
    return SpellChecker(language="en")
