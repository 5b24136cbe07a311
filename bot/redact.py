"""Secrets and personal data out of a text before it is stored, indexed, worded or posted.

What an engineer needs stays: trace and span ids, hashes, UUIDs, model names, provider request ids, host names, IP addresses.
Redacting twice changes nothing more. A secret in an unknown form, alone and short, is not found; a key beside it (`token=`) helps.
"""

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from urllib.parse import urlsplit, urlunsplit

import orjson

from bot.model.change import Change, ChangeScope
from bot.model.page import Link, Page
from bot.model.report import NextAction, Report
from bot.model.runbook import Runbook

ROUNDS = 4  # a cut can lay open the next match; two rounds are the most that was seen
SHORTEST = 5  # `a@b.c`; nothing shorter can be told from any word
DEPTH = 100  # of a JSON body; deeper is nonsense and is dropped whole
_MARK = "[redacted {}]"
_SPAN_ID = re.compile(r"[0-9a-f]{16}|[0-9a-f]{32}")  # also where it is all digits

_ID_FIELDS = ("traces", "config_hash", "input_hash")  # of a report

_NAMES = (
    r"(?:[a-z0-9]{0,20}pass(?:word|wd|phrase)|pwd|[a-z0-9]{0,20}secret|(?:access|auth|api|refresh|id|bearer|session|bot|hook|routing|integration|service)[_-]?(?:token|key)"
    r"|apikey|token|client[_-]?secret|secret[_-]?(?:access[_-]?)?key|private[_-]?key|account[_-]?key|shared[_-]?access[_-]?key"
    r"|credentials?|x-api-key)"
)
_PLAIN_KEY = re.compile(rf"(?:[a-z0-9]{{1,40}}[_.-]){{0,4}}{_NAMES}", re.IGNORECASE)
_ID_BEFORE = re.compile(r"(?:trace|span|request|run|message|order|ticket|\bid)[\w-]{0,10}['\"]?\s{0,2}[:=#]?\s{0,2}['\"]?$", re.IGNORECASE)
_KNOWN_PIECES = re.compile(
    r"(?:sha\d{1,3}[-:=][A-Za-z0-9+/]{0,80}|chatcmpl-|cmpl-|req_|request_|resp_|msg_|run_|thread_|asst_|call_|toolu_|gen-|batch_|file-|ft:[\w.:-]{1,80}|fp_|evt_|trace[_-]?id.{1,3}"
    r"|span[_-]?id.{1,3})$",
    re.IGNORECASE,
)
_IBAN = {"AT": 20, "BE": 16, "CH": 21, "CZ": 24, "DE": 22, "DK": 18, "ES": 24, "FI": 18, "FR": 27, "GB": 22, "IE": 22, "IT": 27, "LU": 20,
         "NL": 18, "NO": 15, "PL": 28, "PT": 25, "SE": 24}  # fmt: skip


def _luhn(digits: str) -> bool:
    doubled = [int(digit) * (2 if place % 2 else 1) for place, digit in enumerate(reversed(digits))]
    return sum(value - 9 if value > 9 else value for value in doubled) % 10 == 0


def _card(hit: re.Match[str]) -> bool:
    digits = re.sub(r"\D", "", hit[0])
    grouped = len(digits) != len(hit[0])
    return _luhn(digits) and (grouped or not _ID_BEFORE.search(hit.string, max(0, hit.start() - 30), hit.start()))


def _iban(hit: re.Match[str]) -> bool:
    text = hit[0].replace(" ", "")
    if len(text) != _IBAN.get(text[:2]):
        return False
    return int("".join(str(int(sign, 36)) for sign in text[4:] + text[:4])) % 97 == 1


def _random(hit: re.Match[str]) -> bool:
    """Signs as only a generator writes them: upper, lower and digits in turn. CamelCase and hex do not change class so often."""
    text = hit[0]
    classes = ["d" if sign.isdigit() else "u" if sign.isupper() else "l" for sign in text]
    turns = sum(one != other for one, other in pairwise(classes))
    mixed = min(classes.count(kind) for kind in "dul") >= 2
    before = hit.string[max(0, hit.start() - 100) : hit.start()]
    return mixed and turns >= 0.4 * len(text) and not _KNOWN_PIECES.search(before)


def _valued(hit: re.Match[str]) -> bool:
    """Whether `token: something` holds a secret: `token: 512` counts, `token: expired` is prose, `max_tokens=4096` is a setting."""
    value = hit["value"]
    if value.startswith("[redacted") or re.match(_PLACEHOLDER, value):
        return False
    if re.search(r"pass|pwd|credential", hit["key"], re.IGNORECASE):
        return not re.fullmatch(
            r"(?i)(?:null|none|true|false|required|missing|incorrect|invalid|expired|wrong|is|was|has|field|\*+)[.,;]?", value
        )
    return len(value) >= 8 and not re.fullmatch(r"[\d.,]+|[A-Za-z]+[.,;:!?)]*", value)


@dataclass(frozen=True)
class _Rule:
    """`near`: in lower case; where none of them is in the text the pattern is not tried. What the group `head` matched is kept."""

    what: str
    pattern: re.Pattern[str]
    near: tuple[str, ...] = ()
    holds: Callable[[re.Match[str]], bool] | None = None


_SLACK = r"(?P<head>https://hooks\.slack(?:-gov)?\.com/(?:services|workflows|triggers)/)[\w/-]{8,200}"
_KEYED = (
    rf"(?P<head>(?<![A-Za-z0-9])(?P<key>{_NAMES})(?![A-Za-z0-9])\\?['\"\]]{{0,2}}\s{{0,3}}(?:=>|[:=])\s{{0,3}}(?P<quote>\\?['\"])?)"
    r"(?P<value>(?(quote)[^'\"\r\n]{1,4000}|[^\s'\",;&)}\]\[]{1,4000}))"
)
_PLACEHOLDER = r"\$\{?[A-Z_]|\$\(|<[\w -]{1,40}>|\{\{|%\w{1,40}%"  # `$TOKEN`, `<token>`: what a runbook writes where a secret would stand
_AUTHORIZATION = (
    r"(?P<head>\b(?:proxy-)?authorization['\"]?\s{0,3}[:=]\s{0,3}['\"]?(?>[A-Za-z-]{1,20}\s{1,3})?+)"
    rf"(?!\[redacted|{_PLACEHOLDER})"
    r"[^\s'\",;\]\[]{1,4000}"
)
_VENDORS = (
    r"(?<![A-Za-z0-9])(?:gh[pousr]_[A-Za-z0-9]{20,255}|github_pat_\w{20,255}|glpat-[\w-]{15,100}|npm_[A-Za-z0-9]{30,60}|pypi-[\w-]{30,400}"
    r"|AIza[\w-]{30,50}|ya29\.[\w-]{20,400}|hf_[A-Za-z0-9]{20,60}|gsk_[A-Za-z0-9]{20,100}|xai-[A-Za-z0-9]{20,120}|dapi[a-f0-9]{32}"
    r"|dop_v1_[a-f0-9]{60,70}|SG\.[\w-]{16,40}\.[\w-]{16,80}|sntry[su]_[\w=+/-]{20,400}|whsec_[\w+/=-]{16,120}|glsa_\w{20,80}"
    r"|(?:sk|rk|pk)_(?:live|test)_[A-Za-z0-9]{10,200}|(?:sk|pk)-(?:lf-|ant-|proj-|or-|svcacct-)?[A-Za-z0-9][\w-]{18,300}|lsv2_\w{20,100}"
    r"|tvly-[\w-]{16,80}|r8_[A-Za-z0-9]{20,60}|pcsk_\w{20,100}|PMAK-[\w-]{20,100})"
)
_CARD = (
    r"(?<![\w.-])(?:(?:4\d{3}|5[1-5]\d\d|2[2-7]\d\d|6011|65\d\d)(?P<s>[ -]?)\d{4}(?P=s)\d{4}(?P=s)\d{4}"
    r"|3[47]\d\d(?P<t>[ -]?)\d{6}(?P=t)\d{5})(?![\w-])"
)
_PEM = r"-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----.{0,20000}?(?:-----END [A-Z ]{0,30}PRIVATE KEY-----|\Z)"
_USERINFO = r"(?P<head>\b[a-z][a-z0-9+.-]{1,30}://)(?!\[redacted)[^\s/@'\"<>\[\]]{0,200}:[^\s/@'\"<>\[\]]{1,400}(?=@)"
_EMAIL = r"(?<![\w.+-])[A-Za-z0-9](?:[\w.+-]{0,62}[\w+-])?@[A-Za-z0-9](?:[A-Za-z0-9-]{0,62}\.){1,6}[A-Za-z]{2,24}(?![\w@])"
_BEARER = r"(?P<head>\b(?:bearer|basic)\s{1,3})(?=\S{0,200}[\d=+/_-])[\w.~+/=-]{16,4000}"
_COOKIE = r"(?P<head>\b(?:set-)?cookie['\"]?\s{0,3}:\s{0,3}['\"]?)(?!\[redacted)[^\r\n'\"]{4,4000}"
_QUERY = r"(?P<head>[?&;](?:sig|signature|x-amz-signature|x-amz-credential|code|key)=)[^&\s'\"\[\]]{16,4000}"

_RULES: tuple[_Rule, ...] = (  # vendors' forms before the rules that look at what stands beside
    _Rule("private key", re.compile(_PEM, re.S), ("private key-----",)),
    _Rule("token", re.compile(r"\beyJ[\w-]{6,4000}\.[\w-]{4,8000}(?:\.[\w-]{0,4000})?"), ("eyj",)),
    _Rule("token", re.compile(r"(?<![A-Za-z0-9])(?:xox[a-z]|xapp)-[\w-]{8,400}"), ("xox", "xapp-")),
    _Rule("webhook", re.compile(_SLACK), ("hooks.slack",)),
    _Rule("aws key", re.compile(r"(?<![A-Za-z0-9])(?:AKIA|ASIA|AROA|AIDA)[A-Z0-9]{16}(?![A-Za-z0-9])"), ("akia", "asia", "aroa", "aida")),
    _Rule("token", re.compile(_VENDORS)),
    _Rule("credentials", re.compile(_AUTHORIZATION, re.I), ("authorization",)),
    _Rule("credentials", re.compile(_BEARER, re.I), ("bearer", "basic")),
    _Rule("cookie", re.compile(_COOKIE, re.I), ("cookie",)),
    _Rule("credentials", re.compile(_USERINFO, re.I), ("://",)),
    _Rule("secret", re.compile(_KEYED, re.I), ("pass", "pwd", "secret", "token", "key", "credential"), _valued),
    _Rule("secret", re.compile(_QUERY, re.I), ("=",)),
    _Rule("email", re.compile(_EMAIL), ("@",)),
    _Rule("card", re.compile(_CARD), (), _card),
    _Rule("account", re.compile(r"(?<![\w-])[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?(?![\w-])"), (), _iban),
    _Rule("phone", re.compile(r"(?<![\w+.-])\+[1-9]\d{0,2}(?:[ .-]?\(?\d{2,4}\)?){3,5}(?![\w:-])"), ("+",)),
    _Rule("number", re.compile(r"(?<![\w-])(?!000|666|9)\d{3}-(?!00)\d{2}-(?!0000)\d{4}(?![\w-])"), ("-",)),  # US social security
    _Rule("secret", re.compile(r"(?<![A-Za-z0-9])[A-Za-z0-9]{24,400}(?![A-Za-z0-9])"), (), _random),
)  # fmt: skip


def redact(text: str) -> str:
    """The text with every secret and piece of personal data replaced by `[redacted <what>]`."""
    for _ in range(ROUNDS):
        once = _once(text)
        if once == text:
            break
        text = once
    return text


def _once(text: str) -> str:
    if len(text) < SHORTEST:
        return text
    lowered = text.lower()
    for rule in _RULES:
        if not rule.near or any(sign in lowered for sign in rule.near):
            text = rule.pattern.sub(_replacement(rule), text)
    return text


def _replacement(rule: _Rule) -> Callable[[re.Match[str]], str]:
    headed, mark = "head" in rule.pattern.groupindex, _MARK.format(rule.what)

    def replace(hit: re.Match[str]) -> str:
        if rule.holds is not None and not rule.holds(hit):
            return hit[0]
        return hit["head"] + mark if headed else mark

    return replace


def redact_page(page: Page) -> Page:
    """Title, description, service, labels and links; a link that carries a secret loses its query, or goes; such a key is hashed."""
    return page.model_copy(
        update={
            "dedup_key": _key(page.dedup_key),
            "title": redact(page.title),
            "description": redact(page.description),
            "service": redact(page.service) if page.service is not None else None,
            "labels": {
                redact(name): _MARK.format("secret") if _is_secret(name, value) else redact(value) for name, value in page.labels.items()
            },
            "links": tuple(link for link in map(_link, page.links) if link is not None),
        }
    )


def redact_change(change: Change) -> Change:
    """Everything but its time; a link that carries a secret loses its query, or goes."""
    link = _link(Link(label="", url=change.link)) if change.link is not None else None
    scope = {name: redact(value) if isinstance(value, str) else value for name, value in change.scope.model_dump().items()}
    return change.model_copy(
        update={
            "id": _key(change.id),
            "object": redact(change.object),
            "before": redact(change.before) if change.before is not None else None,
            "after": redact(change.after) if change.after is not None else None,
            "scope": ChangeScope.model_validate(scope),
            "author": redact(change.author) if change.author is not None else None,
            "link": link.url if link is not None else None,
        }
    )


def redact_report(report: Report) -> Report:
    """Every text of a report: slices, claims, changes and links may hold what a span store of somebody else holds. Ids stay where a
    report names ids, and nowhere else: sixteen digits alone are a span's id there and may be a card's number elsewhere.
    """
    known: dict[str, str] = {}

    def clean(value: object, ids: bool = False) -> object:
        if isinstance(value, str):
            if ids and _SPAN_ID.fullmatch(value):
                return value
            if value not in known:
                known[value] = redact(value)
            return known[value]
        if isinstance(value, dict):
            return {clean(name): clean(item, name in _ID_FIELDS) for name, item in value.items()}
        return [clean(item, ids) for item in value] if isinstance(value, list) else value

    told = report.model_dump(mode="json", by_alias=True)
    cleaned = clean(told)
    return report if cleaned == told else Report.model_validate(cleaned)


def redact_runbook(runbook: Runbook) -> Runbook:
    """What is searched, shown and embedded of it; its id, path and groups stay as they are."""
    steps = tuple(NextAction.model_validate({name: redact(text) for name, text in one.model_dump().items()}) for one in runbook.next)
    owner = redact(runbook.owner) if runbook.owner is not None else None
    return runbook.model_copy(update={"title": redact(runbook.title), "body": redact(runbook.body), "owner": owner, "next": steps})


def redact_body(raw: bytes) -> bytes:
    """A webhook body for the store: JSON stays JSON, values under a secret's name go whatever they are."""
    try:
        value = orjson.loads(raw)
    except orjson.JSONDecodeError:
        return redact(raw.decode("utf-8", "replace")).encode("utf-8", "replace")
    return orjson.dumps(_json(value, DEPTH, {}))


def _json(value: object, depth: int, known: dict[str, str]) -> object:
    """`known`: what was redacted in this body already; the alerts of a group repeat most of their texts."""
    if isinstance(value, str):
        if value not in known:
            known[value] = redact(value)
        return known[value]
    if depth == 0 and isinstance(value, dict | list):
        return _MARK.format("depth")
    if isinstance(value, dict):
        return {
            _json(name, 1, known): _MARK.format("secret") if _is_secret(name, item) else _json(item, depth - 1, known)
            for name, item in value.items()
        }
    if isinstance(value, list):
        return [_json(item, depth - 1, known) for item in value]
    return value


def _is_secret(name: str, value: object) -> bool:
    """`routing_key`, `db.password`...: by its name alone. What has parts is looked into instead, and an empty value is none."""
    if isinstance(value, dict | list) or value in (None, "", True, False):
        return False
    return is_secret_name(name) and not (isinstance(value, int | float) and "token" in name.lower())


def is_secret_name(name: str) -> bool:
    """`routing_key`, `db.password`, `http.request.header.x-api-key`."""
    return _PLAIN_KEY.fullmatch(name.strip()[:400]) is not None


def _key(key: str) -> str:
    """As it is, or its hash: the same secret in two pages still makes them one incident."""
    return key if redact(key) == key else f"h:{hashlib.sha256(key.encode('utf-8', 'replace')).hexdigest()[:32]}"


def _link(link: Link) -> Link | None:
    label = redact(link.label)
    if redact(link.url) == link.url:
        return link if label == link.label else Link(label=label, url=link.url)
    bare = urlunsplit((*urlsplit(link.url)[:3], "", ""))
    return Link(label=label, url=bare) if redact(bare) == bare else None
