"""Proofs of origin. Vectors are fixed: the Standard Webhooks one is the vendor's published example, the others were made with openssl."""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot import pages
from bot.errors import NotAllowed

NOW = 1_772_417_220.0
BODY = b'{"title": "x"}'
OLD, NEW = "old-secret", "new-secret"


def hexed(secret: str, signed: bytes) -> str:
    return hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()


def standard(secret: str, id_: str, stamp: str, body: bytes) -> str:
    return base64.b64encode(hmac.new(secret.encode(), f"{id_}.{stamp}.".encode() + body, hashlib.sha256).digest()).decode()


def stamped(now: float) -> str:
    return str(int(now))


Signer = Callable[[str, bytes, float], dict[str, str]]

SIGNERS: dict[str, Signer] = {
    "pagerduty": lambda secret, body, _now: {"X-PagerDuty-Signature": f"v1={hexed(secret, body)}"},
    "grafana": lambda secret, body, now: {
        "X-Grafana-Alerting-Signature": hexed(secret, stamped(now).encode() + b":" + body),
        "X-Grafana-Alerting-Timestamp": stamped(now),
    },
    "sentry": lambda secret, body, _now: {"Sentry-Hook-Signature": hexed(secret, body)},
    "langfuse": lambda secret, body, now: {
        "x-langfuse-signature": f"t={stamped(now)},v1={hexed(secret, stamped(now).encode() + b'.' + body)}"
    },
    "rootly": lambda secret, body, now: {"X-Rootly-Signature": f"t={stamped(now)},v1={hexed(secret, stamped(now).encode() + body)}"},
    "incident_io": lambda secret, body, now: {
        "webhook-id": "msg_1",
        "webhook-timestamp": stamped(now),
        "webhook-signature": f"v1,{standard(secret, 'msg_1', stamped(now), body)}",
    },
    "generic": lambda secret, body, now: {
        "svix-id": "msg_1",
        "svix-timestamp": stamped(now),
        "svix-signature": f"v1,{standard(secret, 'msg_1', stamped(now), body)}",
    },
}
TIMED = ("grafana", "langfuse", "rootly", "incident_io", "generic")


def refused(source: str, body: bytes, headers: dict[str, str], secrets: tuple[str, ...] = (NEW,), now: float = NOW) -> str:
    with pytest.raises(NotAllowed) as caught:
        pages.verify(source, body, headers, secrets, (), now)
    return str(caught.value)


def test_every_source_that_signs_is_tried_here() -> None:
    assert {source for source in pages.sources() if pages.signed(source)} == set(SIGNERS)


@pytest.mark.parametrize("source", SIGNERS)
def test_the_right_secret_opens_and_so_does_any_of_a_rotation(source: str) -> None:
    pages.verify(source, BODY, SIGNERS[source](NEW, BODY, NOW), (NEW,), (), NOW)
    pages.verify(source, BODY, SIGNERS[source](OLD, BODY, NOW), (NEW, OLD), (), NOW)


@pytest.mark.parametrize("source", SIGNERS)
@given(bit=st.integers(0, 8 * len(BODY) - 1))
def test_one_flipped_bit_of_the_body_is_refused(source: str, bit: int) -> None:
    flipped = bytearray(BODY)
    flipped[bit // 8] ^= 1 << bit % 8
    refused(source, bytes(flipped), SIGNERS[source](NEW, BODY, NOW))


@pytest.mark.parametrize("source", SIGNERS)
def test_another_secret_is_refused(source: str) -> None:
    assert refused(source, BODY, SIGNERS[source]("guess", BODY, NOW), (NEW, OLD)) == "the signature is wrong"


@pytest.mark.parametrize("source", SIGNERS)
def test_each_missing_header_is_refused(source: str) -> None:
    headers = SIGNERS[source](NEW, BODY, NOW)
    for name in headers:
        refused(source, BODY, {kept: value for kept, value in headers.items() if kept != name})
    assert "is missing" in refused(source, BODY, {})


@pytest.mark.parametrize("source", SIGNERS)
def test_a_token_does_not_stand_in_for_a_signature(source: str) -> None:
    with pytest.raises(NotAllowed):
        pages.verify(source, BODY, {"Authorization": "Bearer tok"}, (NEW,), ("tok",), NOW)


@pytest.mark.parametrize("source", TIMED)
@pytest.mark.parametrize(("seconds", "allowed"), [(299, True), (-299, True), (301, False), (-301, False)])
def test_a_signed_time_is_accepted_for_five_minutes(source: str, seconds: int, allowed: bool) -> None:
    headers = SIGNERS[source](NEW, BODY, NOW)
    if allowed:
        pages.verify(source, BODY, headers, (NEW,), (), NOW + seconds)
    else:
        assert "more than 300 s" in refused(source, BODY, headers, now=NOW + seconds)


@pytest.mark.parametrize("source", TIMED)
def test_a_changed_time_breaks_the_signature(source: str) -> None:
    headers = {name: value.replace(stamped(NOW), stamped(NOW + 60)) for name, value in SIGNERS[source](NEW, BODY, NOW).items()}
    assert refused(source, BODY, headers) == "the signature is wrong"


@pytest.mark.parametrize("source", SIGNERS)
@given(junk=st.text(max_size=60))
def test_no_header_whatever_is_in_it_does_more_than_refuse(source: str, junk: str) -> None:
    for name in SIGNERS[source](NEW, BODY, NOW):
        refused(source, BODY, {**SIGNERS[source]("guess", BODY, NOW), name: junk})


def test_grafana_without_a_timestamp_signs_the_body_alone() -> None:
    pages.verify("grafana", BODY, {"X-Grafana-Alerting-Signature": hexed(NEW, BODY)}, (NEW,), (), NOW)


def test_pagerduty_sends_several_signatures_while_its_secrets_rotate() -> None:
    both = f"v1={'0' * 64},v1={hexed(NEW, BODY)}"
    pages.verify("pagerduty", BODY, {"X-PagerDuty-Signature": both}, (NEW,), (), NOW)
    assert refused("pagerduty", BODY, {"X-PagerDuty-Signature": f"v2={hexed(NEW, BODY)}"}) == "the signature is wrong"


@pytest.mark.parametrize(("hours", "allowed"), [(0, True), (49, True), (51, False), (-1, False)])
def test_pagerduty_signs_no_time_but_an_event_that_has_one(hours: int, allowed: bool) -> None:
    at = datetime.fromtimestamp(NOW - hours * 3600, UTC).isoformat()
    body = json.dumps({"event": {"id": "e", "event_type": "incident.triggered", "occurred_at": at, "data": {"id": "Q"}}}).encode()
    headers = SIGNERS["pagerduty"](NEW, body, NOW)
    if allowed:
        pages.verify("pagerduty", body, headers, (NEW,), (), NOW)
    else:
        assert "more than 50 h" in refused("pagerduty", body, headers)


@pytest.mark.parametrize("source", SIGNERS)
def test_a_replay_is_known_by_what_was_signed_whatever_its_other_headers_say(source: str) -> None:
    """The id of a delivery is what it is stored under, once."""
    headers = SIGNERS[source](NEW, BODY, NOW)
    replayed = {**headers, "Request-ID": "another", "Idempotency-Key": "another", "X-Delivery-Id": "another", "X-Webhook-Id": "another"}
    first, second = (
        pages.delivery_id(source, BODY, sent, pages.verify(source, BODY, sent, (NEW,), (), NOW)) for sent in (headers, replayed)
    )
    assert first is not None
    assert first == second


def test_a_replayed_event_of_pagerduty_bears_its_signed_id() -> None:
    body = json.dumps({"event": {"id": "e1", "event_type": "incident.triggered", "data": {"id": "Q"}}}).encode()
    assert pages.delivery_id("pagerduty", body, {"X-Webhook-Id": "another"}, "proof") == "e1"


def test_the_example_that_standard_webhooks_publishes() -> None:
    headers = {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }
    pages.verify("incident_io", b'{"test": 2432232314}', headers, ("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",), (), 1_614_265_330.0)


def test_fixed_vectors() -> None:
    """printf %s '{"title": "x"}' | openssl dgst -sha256 -hmac new-secret"""
    assert hexed(NEW, BODY) == "f2f609e6b57a926f93340a720228da538ca5c0ffac7c4e4f8b2035ae50372ce1"


@pytest.mark.parametrize(
    "headers",
    [
        {"Authorization": "Bearer tok"},
        {"authorization": "bearer tok"},
        {"Authorization": "Basic " + base64.b64encode(b"midwatch:tok").decode()},
        {"X-Midwatch-Token": "tok"},
    ],
)
def test_a_token_opens_a_source_that_cannot_sign(headers: dict[str, str]) -> None:
    pages.verify("alertmanager", BODY, headers, (), ("other", "tok"), NOW)


@pytest.mark.parametrize(
    "headers",
    [{}, {"Authorization": "Bearer no"}, {"Authorization": "Basic !!"}, {"Authorization": "Bearer"}, {"Authorization": "Basic w7w="}],
)
def test_a_wrong_token_is_refused(headers: dict[str, str]) -> None:
    with pytest.raises(NotAllowed):
        pages.verify("alertmanager", BODY, headers, (), ("tok",), NOW)


def test_events_v2_carries_its_token_as_routing_key() -> None:
    pages.verify("generic", b'{"routing_key": "tok"}', {}, (), ("tok",), NOW)
    for body in (b'{"routing_key": "no"}', b'{"routing_key": ["tok"]}', b"{", b""):
        with pytest.raises(NotAllowed):
            pages.verify("generic", body, {}, (), ("tok",), NOW)


def test_with_nothing_configured_there_is_nothing_to_prove() -> None:
    pages.verify("pagerduty", BODY, {}, (), (), NOW)
