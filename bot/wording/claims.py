"""The rules that a narrator's draft must pass before anybody sees a word of it.

Every number, name, count, judgement and act in a sentence stands in the facts which that sentence cites. One sentence that breaks a rule
takes the whole draft with it: nothing is repaired, and the template is always there. A pure function of draft and brief.
"""

import re
import unicodedata
from collections.abc import Iterator, Mapping

from bot.model.narration import Brief, Claim, Draft, Fact
from bot.wording.literal import one_line

CLAIMS = 6  # sentences: a paragraph, not a page
CLAIM_CHARS = 300  # of one sentence
WHOLE_CHARS = 900  # of the paragraph: it stands on a card that fits a phone
CITED = 4  # facts behind one sentence; whoever cites all of them cites nothing

# A star stands for any ending. None of these may be used unless the cited facts use it.
_ACTED = """restart* reboot* redeploy* deploy* rollback* roll rolled rolling revert* undo* undid fix fixed fixes fixing resolv*
mitigat* remediat* repair* restor* scale scaled scales scaling disabl* enabl* silenc* mute muted acknowledg* escalat* notif* paged paging
delet* remov* purg* kill* terminat* drain* throttl* patch* hotfix* apply* applied execut* ran run running upgrad* downgrad* switch* toggl*
merg* push* closed cancel* block* unblock* contact* approv* confirm* send* sent call email* upload* login password* please must should
ensure"""
_JUDGED = """certain* sure surely definit* undoubt* proven proof prove* guarantee* always likely unlikely probabl* suspect* possib* root
cause caused causes because due blame* fault* culprit* false benign harmless healthy normal* fine ok okay clean safe* ignor* recover* over
ended gone unrelated innocent* confiden* verdict* rank* score* severity fell fall* drop* declin* decreas* lower* fewer less improv* better
subsid* not no never nor neither without nothing cannot unaffected"""
_COUNTED = """one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen
twenty thirty forty fifty sixty seventy eighty ninety hundred* thousand* million* billion* dozen* half halve* quarter* third* fourth fifth
tenth double* triple* quadrupl* twice thrice fold tenfold twofold threefold zero none nobody all every everyone everything majority most"""
_LAYERS = "model models prompt prompts retrieval tool tools cost costs infra infrastructure telemetry"
_PERSONS = frozenset(["i", "we", "my", "our", "us", "me", "mine", "ours", "midwatch", "bot", "assistant"])

_RESERVED = re.compile(
    "|".join(re.escape(word.removesuffix("*")) + (r"\w*" if word.endswith("*") else "") for part in
             (_ACTED, _JUDGED, _COUNTED, _LAYERS) for word in part.split())
)  # fmt: skip
_MARKS = re.compile(r"[<>@#`*~|\[\]{}\\]")
_HOSTS = "com|net|org|io|dev|app|ai|co|info|biz|xyz|ru|cn|example|gov|edu|me|ly|gl|link|site|online|top|tk|zip|sh"
_ADDRESS = re.compile(rf"://|\bwww\.|\b(?:mailto|javascript|data|tel):|[\w-]\.[\w.-]+/|[\w-]\.(?:{_HOSTS})\b", re.IGNORECASE)
_WORD = re.compile(r"(?:[^\s,;!?()…\"“”‘]|(?<=\d),(?=\d))+")
_NUMBER = re.compile(r"(?<![\w.,:/=-])[-+]?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?(?![\w:/=]|[.,-]\d)")
_UNIT = re.compile(r"\s?(%|percent|per cent|ms|milliseconds?|s|sec|seconds?|min|minutes?|h|hours?|d|days?|x|times)(?!\w)", re.IGNORECASE)
_UNITS = {
    "percent": "%", "per cent": "%", "millisecond": "ms", "milliseconds": "ms", "sec": "s", "second": "s", "seconds": "s",
    "minute": "min", "minutes": "min", "hour": "h", "hours": "h", "day": "d", "days": "d", "times": "x",
}  # fmt: skip


def refusal(draft: Draft, brief: Brief) -> str:
    """Why the draft must not be shown; "" when every claim passes."""
    if not draft.claims:
        return "no claims"
    if len(draft.claims) > CLAIMS or sum(len(claim.text) for claim in draft.claims) > WHOLE_CHARS:
        return "too long"
    facts = {fact.id: fact for fact in brief.facts}
    return next((why for claim in draft.claims if (why := _refused(claim, facts))), "")


def _refused(claim: Claim, facts: Mapping[str, Fact]) -> str:
    if not claim.text or len(claim.text) > CLAIM_CHARS or one_line(claim.text, CLAIM_CHARS) != claim.text:
        return "a claim is empty, too long, or holds what is not shown"
    if not claim.evidence or len(claim.evidence) > CITED:
        return "a claim without evidence, or with all of it"
    if any(name not in facts for name in claim.evidence):
        return "an unknown evidence id"
    if _ADDRESS.search(claim.text):
        return "a link"
    if _MARKS.search(claim.text):
        return "a mention or markup"
    cited = _level(" ".join(_said(facts[name]) for name in claim.evidence))
    text = _level(claim.text)
    return _numbers(text, cited) or _words(text, cited, {name.casefold() for name in claim.evidence})


def _said(fact: Fact) -> str:
    return " ".join((fact.text, *(f"; {name} {value} ;" for name, value in fact.numbers.items())))


def _level(text: str) -> str:
    """Dashes, minus and apostrophes as typed on a keyboard, so that two spellings of one thing are one."""
    return re.sub("[‐‑‒–—−]", "-", text).replace("’", "'")


def _numbers(text: str, cited: str) -> str:
    """Every number is one of the facts, with its sign and unit."""
    known = set(_quantities(cited))
    return "" if all(one in known for one in _quantities(text)) else "a number that is not in the cited evidence"


def _quantities(text: str) -> Iterator[tuple[str, str]]:
    """(value, unit); the value without thousands' commas and needless zeros."""
    for hit in _NUMBER.finditer(text):
        unit = _UNIT.match(text, hit.end())
        word = unit.group(1).lower() if unit is not None else ""
        digits = hit.group(0).replace(",", "").removeprefix("+")
        yield (digits.rstrip("0").rstrip(".") if "." in digits else digits), _UNITS.get(word, word)


def _words(text: str, cited: str, evidence: set[str]) -> str:
    known = {_bare(word) for word in _WORD.findall(_NUMBER.sub(" ", cited))} | evidence
    parts = {part for word in known for part in re.split(r"[-/:._=']", word)}
    for raw in _WORD.findall(_NUMBER.sub(" ", text)):
        word = _bare(raw)
        if word in known:
            continue
        if word.split("'")[0] in _PERSONS:
            return "a claim of having acted, or of being somebody"
        if word.endswith("n't") or any(_RESERVED.fullmatch(part) and part not in parts for part in re.split(r"[-']", word)):
            return "a judgement, a count or an act that is not in the cited evidence"
        if any(_named(letter) for letter in word):
            return "a name or number that is not in the cited evidence"
    return ""


def _named(letter: str) -> bool:
    """A digit, a letter of another script, or a mark that joins the parts of a name: no plain word of English has one."""
    return letter in "./:_=&$+\\" or not letter.isascii() or unicodedata.category(letter).startswith("N")


def _bare(word: str) -> str:
    return word.strip(".:'-%").casefold()
