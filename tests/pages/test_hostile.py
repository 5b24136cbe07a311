"""Whatever is sent: pages within their caps, or BadPage with a place on one line. Nothing else, and not slowly."""

import json
import math
import unicodedata
from collections.abc import Callable, Mapping
from copy import deepcopy
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot import pages
from bot.errors import BadInput, BadPage, NotAllowed
from bot.model.page import Page
from bot.pages.changes import parse_changes
from bot.pages.reading import claims, words
from bot.pages.reading.part import BODY_BYTES
from bot.pages.reading.sheet import KEY, LABEL_KEY, LABEL_VALUE, LABELS, LINKS
from tests.pages.test_cases import FILES, body

SOURCES = pages.sources()
WHOLE = {source: [case["body"] for case in cases.values() if isinstance(case.get("body"), dict)] for source, cases in FILES.items()}
HEADERS = {source: [case["headers"] for case in cases.values() if "headers" in case] or [{}] for source, cases in FILES.items()}

NASTY = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**70), 2**70),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=30),
    st.sampled_from(["0001-01-01T00:00:00Z", "9999-12-31T23:59:60+99:99", "\u202eevil", "\x1b[31mred", "\u0000", "[FIRING:1] "]),
    st.sampled_from(["http://[::1", "https://a:b@c/", "http://x:99999/", "javascript:alert(1)", "https://x.example/" + "y" * 5_000]),
    st.sampled_from(["a" * 30_000, "Error rate 12 % " * 400]),
    st.sampled_from([[], {}, [[]], [{}], {"": ""}, {"key": "a", "value": {"stringValue": 3}}, [1, "a:b", ["k", "v"], {"key": "k"}]]),
    st.sampled_from([1e308, -0.0, 10**30, 1772417220, 1772417220000.5]),
)  # fmt: skip
JSON = st.recursive(
    NASTY, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4), max_leaves=12
)


def sound(found: tuple[Page, ...], source: str) -> None:
    for page in found:
        assert page.source == source
        assert 1 <= len(page.title) <= words.TITLE
        assert len(page.description) <= words.DESCRIPTION
        assert 1 <= len(page.dedup_key) <= KEY
        assert len(page.labels) <= LABELS
        assert all(len(name) <= LABEL_KEY and len(value) <= LABEL_VALUE for name, value in page.labels.items())
        assert len(page.links) <= LINKS
        assert all(link.url.startswith(("http://", "https://")) for link in page.links)
        assert page.claimed.value is None or math.isfinite(page.claimed.value)
        told = [
            page.title,
            page.service or "",
            page.claimed.metric or "",
            *page.labels,
            *page.labels.values(),
            *(link.label for link in page.links),
        ]
        assert all(unicodedata.category(sign) not in ("Cc", "Cf", "Cs") for text in told for sign in text)
        assert all(unicodedata.category(sign) not in ("Cc", "Cf", "Cs") or sign == "\n" for sign in page.description)


def refused_or(parse: Callable[[], Any]) -> tuple[Any, str | None]:
    """What was read, or what was said; anything but BadInput goes through and fails the test."""
    try:
        return parse(), None
    except BadInput as error:
        return None, str(error)


def tried(source: str, raw: bytes, headers: Mapping[str, str]) -> tuple[Page, ...] | None:
    found, said = refused_or(lambda: pages.parse(source, raw, headers, place="page.json"))
    assert said is None or (said.startswith("page.json") and "\n" not in said and len(said) < 1_000)
    sound(found or (), source)
    told = pages.delivery_id(source, raw, headers)
    assert told is None or 0 < len(told) <= 200
    return found


def places(value: object, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [at, *(place for key, item in inner for place in places(item, (*at, key)))]


def exchanged(value: Any, at: tuple[Any, ...], new: object) -> Any:
    if not at:
        return new
    copied = deepcopy(value)
    here = copied
    for key in at[:-1]:
        here = here[key]
    here[at[-1]] = new
    return copied


@pytest.mark.parametrize("source", SOURCES)
@settings(max_examples=150, deadline=None)
@given(value=JSON)
def test_any_json_at_all(source: str, value: object) -> None:
    tried(source, json.dumps(value).encode(), {})


@pytest.mark.parametrize("source", SOURCES)
@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_a_real_body_with_one_part_exchanged(source: str, data: st.DataObject) -> None:
    whole = data.draw(st.sampled_from(WHOLE[source]))
    at = data.draw(st.sampled_from(places(whole)))
    raw = json.dumps(exchanged(whole, at, data.draw(JSON))).encode()
    headers = data.draw(st.sampled_from(HEADERS[source]))
    assert tried(source, raw, headers) == tried(source, raw, headers)


@pytest.mark.parametrize("source", SOURCES)
def test_a_real_body_cut_off_anywhere(source: str) -> None:
    raw = body(next(iter(FILES[source].values())))
    for end in range(0, len(raw), 7):
        assert tried(source, raw[:end], {}) is None


@pytest.mark.parametrize("source", SOURCES)
@settings(max_examples=80, deadline=None)
@given(raw=st.binary(max_size=200))
def test_any_bytes_at_all(source: str, raw: bytes) -> None:
    tried(source, raw, {})
    tried(source, b'{"title": "' + raw + b'"}', {})


def test_a_body_of_fifty_megabytes_is_refused_unread() -> None:
    with pytest.raises(BadPage, match=rf"page.json: 50000000 bytes; at most {BODY_BYTES} are read"):
        pages.parse("generic", b" " * 50_000_000, {}, place="page.json")


@pytest.mark.parametrize("source", SOURCES)
def test_a_body_as_large_as_is_read(source: str) -> None:
    label = {f"l{number}": "v" * 100 for number in range(2_000)}
    alert = {"status": "firing", "labels": {"alertname": "A", "x": "y" * 300}, "annotations": {"summary": "error rate 12 %"}}
    tried(
        source,
        json.dumps({"alerts": [alert] * 4_000, "groupLabels": {"a": "b"}, "commonLabels": label, "title": "t" * 100_000}).encode(),
        {},
    )
    tried(
        source,
        json.dumps({"title": "error rate " * 20_000, "labels": label, "description": "1 %" * 60_000, "tags": ["a:b"] * 20_000}).encode(),
        {},
    )
    tried(source, json.dumps({"title": "x", "alerts": [{}] * 6_000, "event": {}, "data": {}}).encode(), {})


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("around", [('{"a":', "}"), ('{"alert":', "}"), ('{"labels":[', "]}"), ('{"data":', "}")])
def test_deep_nesting(source: str, around: tuple[str, str]) -> None:
    for depth in (50, 900, 1_100, 100_000):
        tried(source, (around[0] * depth + "1" + around[1] * depth).encode(), {})


def test_an_unknown_source_is_bad_input() -> None:
    with pytest.raises(BadInput, match="unknown source 'nagios'; there are alertmanager,"):
        pages.parse("nagios", b"{}", {})


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=200), st.integers(1, 50))
def test_cleaned_text_is_clean_stays_clean_and_is_short(text: str, cap: int) -> None:
    once = words.clean(text, cap)
    assert len(once) <= cap
    assert words.clean(once, cap) == once
    assert words.line(words.line(text, cap), cap) == words.line(text, cap)


@settings(max_examples=300, deadline=None)
@given(
    st.lists(
        st.sampled_from(
            ["error rate", " ", "12", "%", "p95", "4.8 s", ":", "above", "+300", "-", "$", "1,250", "tokens", ".", "\n", "9" * 20]
        ),
        max_size=15,
    )
)
def test_any_words_give_a_claim_or_none(pieces: list[str]) -> None:
    found = claims.claim("".join(pieces))
    assert (found.value is None) == (found.metric is None)


@settings(max_examples=300, deadline=None)
@given(
    JSON,
    st.dictionaries(st.sampled_from(["ce-type", "ce-specversion", "ce-id", "ce-time", "ce-source", "Ce-Subject"]), st.text(max_size=20)),
)
def test_any_change_delivery_gives_changes_or_bad_input(value: object, headers: dict[str, str]) -> None:
    _, said = refused_or(lambda: parse_changes(json.dumps(value).encode(), headers, "body"))
    assert said is None or said.startswith("body")


@given(st.dictionaries(st.sampled_from(["authorization", "x-midwatch-token"]), st.text(max_size=40)))
def test_any_credentials_are_refused_or_right(headers: dict[str, str]) -> None:
    with pytest.raises(NotAllowed):
        pages.verify("alertmanager", b"{}", headers, (), ("a token nobody guesses",), 0.0)
