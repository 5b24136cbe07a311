"""SNS over the real door: a message is believed for its topic, its time, where its certificate lies, and its signature; in this order."""

import base64
import datetime
import json
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.x509.oid import NameOID
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.errors import NotAllowed, SourceUnavailable
from bot.pages import delivery_id
from bot.web.proofs import Proofs
from bot.web.sns import SnsProof

NOW = 1_772_417_220.0
TOPIC = "arn:aws:sns:eu-west-1:123456789012:pages"
CERTIFICATE = "https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-1.pem"
SUBSCRIBE = "https://sns.eu-west-1.amazonaws.com/?Action=ConfirmSubscription&Token=t"
KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)


def certificate(days: int = 30) -> bytes:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sns.amazonaws.com")])
    start = datetime.datetime.fromtimestamp(NOW, datetime.UTC) - datetime.timedelta(days=60)
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(KEY.public_key()).serial_number(1)
    built = builder.not_valid_before(start).not_valid_after(start + datetime.timedelta(days=60 + days)).sign(KEY, hashes.SHA256())
    return built.public_bytes(serialization.Encoding.PEM)


PEM = certificate()


def message(**told: Any) -> dict[str, Any]:
    alarm = json.dumps({"AlarmName": "p95", "NewStateValue": "ALARM", "AlarmArn": "arn:aws:cloudwatch:eu-west-1:1:alarm:p95"})
    plain = {
        "Type": "Notification",
        "MessageId": "22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324",
        "TopicArn": TOPIC,
        "Subject": "ALARM: p95",
        "Message": alarm,
        "Timestamp": "2026-03-02T02:06:00.000Z",
        "SignatureVersion": "2",
        "SigningCertURL": CERTIFICATE,
    }
    body = {name: value for name, value in {**plain, **told}.items() if value is not None}
    return {**body, "Signature": told.get("Signature", signature(body))}


def signature(body: dict[str, Any]) -> str:
    """As Amazon documents it: names and values in turn, in the order of their names."""
    names = ["Message", "MessageId", "Subject", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"]
    if body["Type"] == "Notification":
        names = [name for name in names if name not in ("SubscribeURL", "Token")]
    signed = "".join(f"{name}\n{body[name]}\n" for name in names if name in body).encode()
    return base64.b64encode(KEY.sign(signed, padding.PKCS1v15(), hashes.SHA256())).decode()


class Internet:
    def __init__(self, **known: bytes) -> None:
        self.known: dict[str, bytes] = {CERTIFICATE: PEM, SUBSCRIBE: b"<ok/>"}
        self.asked: list[str] = []

    async def __call__(self, url: str) -> bytes:
        self.asked.append(url)
        if url not in self.known:
            raise SourceUnavailable("no answer", source="fetch")
        return self.known[url]


async def tried(body: dict[str, Any], now: float = NOW, internet: Internet | None = None) -> str | None:
    return await SnsProof([TOPIC], internet or Internet()).prove(json.dumps(body).encode(), {}, now)


async def refused(body: dict[str, Any], now: float = NOW) -> tuple[str, list[str]]:
    internet = Internet()
    with pytest.raises(NotAllowed) as caught:
        await tried(body, now, internet)
    return str(caught.value), internet.asked


async def test_a_signed_message_of_the_topic_is_believed_and_its_certificate_is_fetched_once() -> None:
    internet = Internet()
    proof = SnsProof([TOPIC], internet)
    for body in (message(), message(Subject=None, MessageId="other")):
        assert len(await proof.prove(json.dumps(body).encode(), {}, NOW) or "") == 64
    assert internet.asked == [CERTIFICATE]


async def test_a_replay_bears_the_id_that_was_signed() -> None:
    raw = json.dumps(message()).encode()
    assert delivery_id("cloudwatch", raw, {"x-amz-sns-message-id": "another"}, await tried(message())) == message()["MessageId"]


@pytest.mark.parametrize("field", ["Message", "MessageId", "Subject", "Timestamp", "Signature"])
@settings(max_examples=25, deadline=None)
@given(bit=st.integers(0, 6), place=st.integers(0, 10_000))
async def test_one_flipped_bit_is_refused(field: str, bit: int, place: int) -> None:
    body = message()
    at = place % len(body[field])
    flipped = body[field][:at] + chr(ord(body[field][at]) ^ 1 << bit) + body[field][at + 1 :]
    await refused({**body, field: flipped})


@pytest.mark.parametrize(
    ("told", "said"),
    [
        ({"TopicArn": "arn:aws:sns:eu-west-1:666666666666:pages"}, "topic"),
        ({"SignatureVersion": "1"}, "signature version 2"),
        ({"SignatureVersion": None}, "signature version 2"),
        ({"Timestamp": "2026-03-02T00:06:00.000Z"}, "signed time"),
        ({"Timestamp": "2026-03-02T02:20:00.000Z"}, "signed time"),
        ({"Timestamp": "soon"}, "signed time"),
        ({"Type": "Notice"}, "not a message of SNS"),
        *(
            ({"SigningCertURL": url}, "address")
            for url in (
                "http://sns.eu-west-1.amazonaws.com/a.pem",
                "https://sns.eu-west-1.amazonaws.com.evil.example/a.pem",
                "https://evil.example/sns.eu-west-1.amazonaws.com/a.pem",
                "https://sns.eu-west-1.amazonaws.com@evil.example/a.pem",
                "https://evil@sns.eu-west-1.amazonaws.com/a.pem",
                "https://sns.eu-west-1.amazonaws.com:8443/a.pem",
                "https://sns.eu-west-1.amazonaws.com/a.pem#x",
                "https://sns.eu-west-1.amazonaws.com/?a.pem",
                "https://sns.eu-west-1.amazonaws.com/a.txt",
                "https://snseu-west-1.amazonaws.com/a.pem",
                "https://169.254.169.254/a.pem",
                "https://[::1/a.pem",
                "",
            )
        ),
    ],
)
async def test_what_is_not_as_it_must_be_is_refused_before_anything_is_fetched(told: dict[str, Any], said: str) -> None:
    why, asked = await refused(message(**told))
    assert said in why
    assert asked == []


async def test_an_hour_of_retries_is_taken_and_no_more() -> None:
    await tried(message(), NOW + 3_600)
    await refused(message(), NOW + 3_900)


async def test_a_certificate_that_is_not_valid_now_or_none_is_refused() -> None:
    for pem in (certificate(days=-1), b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", b"<html>"):
        internet = Internet()
        internet.known[CERTIFICATE] = pem
        with pytest.raises(NotAllowed):
            await tried(message(), internet=internet)


async def test_a_certificate_that_cannot_be_had_is_asked_for_again_only_later() -> None:
    internet = Internet()
    proof = SnsProof([TOPIC], internet)
    del internet.known[CERTIFICATE]
    for _ in range(5):
        with pytest.raises(SourceUnavailable):
            await proof.prove(json.dumps(message()).encode(), {}, NOW)
    assert internet.asked == [CERTIFICATE]
    internet.known[CERTIFICATE] = PEM
    await proof.prove(json.dumps(message()).encode(), {}, NOW + 31)


async def test_a_subscription_is_confirmed_after_all_checks_and_only_at_sns() -> None:
    told = {"Type": "SubscriptionConfirmation", "Subject": None, "Token": "t", "SubscribeURL": SUBSCRIBE}
    internet = Internet()
    await tried(message(**told), internet=internet)
    assert internet.asked == [CERTIFICATE, SUBSCRIBE]
    for url in ("http://169.254.169.254/latest", "https://evil.example/?Action=ConfirmSubscription", "https://10.0.0.1/"):
        assert (await refused(message(**{**told, "SubscribeURL": url})))[1] == []
    forged = {**message(**told), "Token": "another"}
    assert (await refused(forged))[1] == [CERTIFICATE]
    unsubscribed = Internet()
    await tried(message(**{**told, "Type": "UnsubscribeConfirmation"}), internet=unsubscribed)
    assert unsubscribed.asked == [CERTIFICATE]


@settings(max_examples=60, deadline=None)
@given(
    st.dictionaries(
        st.sampled_from(["Type", "TopicArn", "SigningCertURL", "SignatureVersion", "Timestamp", "Message", "Signature", "SubscribeURL"]),
        st.none()
        | st.integers()
        | st.text(max_size=30)
        | st.sampled_from([TOPIC, CERTIFICATE, "Notification", "2", "SubscriptionConfirmation"]),
    )
)
async def test_any_envelope_is_refused_or_right(body: dict[str, Any]) -> None:
    with pytest.raises(NotAllowed):
        await tried(body)


async def test_with_topics_what_sns_did_not_sign_needs_a_token() -> None:
    raw = b'{"AlarmName": "p95", "NewStateValue": "ALARM"}'
    only_sns = Proofs({}, {}, (), (TOPIC,), Internet()).page_sources()["cloudwatch"].prove
    with_token = Proofs({}, {"cloudwatch": ("tok",)}, (), (TOPIC,), Internet()).page_sources()["cloudwatch"].prove
    assert only_sns is not None
    assert with_token is not None
    with pytest.raises(NotAllowed):
        await only_sns(raw, {}, NOW)
    with pytest.raises(NotAllowed):
        await with_token(raw, {}, NOW)
    assert await with_token(raw, {"authorization": "Bearer tok"}, NOW) is None
    with pytest.raises(NotAllowed):  # a token does not stand in for the signature of an envelope
        await with_token(json.dumps({**message(), "Signature": "AAAA"}).encode(), {"authorization": "Bearer tok"}, NOW)
