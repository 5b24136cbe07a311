"""Amazon SNS: what a message signs, and whether its signature is right. Version 2 (SHA-256) only; nothing is fetched here.

The certificate is believed because of where it comes from: https, and a host of SNS. So its address is checked before anybody fetches
it, and the topic before that: any AWS account can have SNS sign a message to us.
"""

import base64
import binascii
import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import urlsplit

from bot.errors import NotAllowed
from bot.pages.reading.times import when

OLDEST_S = 3_900.0  # SNS tries a delivery for an hour at most; five minutes for clocks
EARLY_S = 300.0
TEXT = 512 * 1024  # characters of a field; SNS carries 256 KB
CONFIRMATIONS = ("SubscriptionConfirmation", "UnsubscribeConfirmation")

_HOST = re.compile(r"sns\.[a-z0-9-]{1,40}\.amazonaws\.com(?:\.cn)?")
_NOTIFICATION = ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type")
_CONFIRMATION = ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type")


@dataclass(frozen=True)
class Message:
    """An envelope whose topic, version, time and addresses are as they must be; its signature is still to be checked."""

    fields: Mapping[str, str]
    certificate_url: str

    @property
    def subscribe_url(self) -> str | None:
        """What confirms a subscription; None for everything else. An unsubscription is told, never undone."""
        return self.fields["SubscribeURL"] if self.fields["Type"] == "SubscriptionConfirmation" else None


def is_envelope(body: Mapping[str, object]) -> bool:
    return isinstance(body.get("Type"), str) and isinstance(body.get("TopicArn"), str) and "SigningCertURL" in body


def admitted(body: Mapping[str, object], topics: Sequence[str], now: float) -> Message:
    """NotAllowed unless the envelope is of an allowed topic, signed in version 2, recent, and names addresses of SNS."""
    fields = {name: value for name, value in body.items() if isinstance(value, str) and len(value) <= TEXT}
    if fields.get("TopicArn") not in topics:
        raise NotAllowed("the SNS topic is not one of MIDWATCH_SNS_TOPICS")
    if fields.get("Type") not in ("Notification", *CONFIRMATIONS):
        raise NotAllowed("not a message of SNS")
    if fields.get("SignatureVersion") != "2":
        raise NotAllowed("signature version 2 is needed; set the topic's SignatureVersion to 2")
    sent = when(fields.get("Timestamp"))
    if sent is None or not -EARLY_S <= now - sent.timestamp() <= OLDEST_S:
        raise NotAllowed(f"the signed time is missing, or more than {OLDEST_S:.0f} s old")
    message = Message(fields, _of_sns(fields.get("SigningCertURL", "")))
    if not message.certificate_url.endswith(".pem"):
        raise NotAllowed("the signing certificate's address is not one of SNS")
    if message.subscribe_url is not None:
        _of_sns(message.subscribe_url, with_query=True)
    return message


def check(message: Message, certificate: bytes, now: float) -> str:
    """The digest of what was signed; NotAllowed when this certificate's key did not sign it, or is not valid now."""
    from cryptography import x509
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric import padding, rsa
    from cryptography.hazmat.primitives.hashes import SHA256

    signed = _signed(message.fields)
    try:
        read = x509.load_pem_x509_certificate(certificate)
        signature = base64.b64decode(message.fields.get("Signature", ""), validate=True)
    except (ValueError, binascii.Error):
        raise NotAllowed("the signature or its certificate cannot be read") from None
    public = read.public_key()
    if (
        not isinstance(public, rsa.RSAPublicKey)
        or not read.not_valid_before_utc <= datetime.fromtimestamp(now, UTC) <= read.not_valid_after_utc
    ):
        raise NotAllowed("the signing certificate is not valid now")
    try:
        public.verify(signature, signed, padding.PKCS1v15(), SHA256())
    except InvalidSignature:
        raise NotAllowed("the signature is wrong") from None
    return hashlib.sha256(signed).hexdigest()


def _signed(fields: Mapping[str, str]) -> bytes:
    """Names and values in turn, each on a line; a subject only where there is one."""
    names = _CONFIRMATION if fields["Type"] in CONFIRMATIONS else _NOTIFICATION
    missing = [name for name in names if name not in fields and name != "Subject"]
    if missing:
        raise NotAllowed(f"{missing[0]} is missing from what SNS signs")
    return "".join(f"{name}\n{fields[name]}\n" for name in names if name in fields).encode("utf-8", "surrogatepass")


def _of_sns(url: str, *, with_query: bool = False) -> str:
    try:
        found = urlsplit(url)
        sound = found.scheme == "https" and _HOST.fullmatch(found.hostname or "") is not None and found.port in (None, 443)
    except ValueError:
        sound = False
    if (
        not sound
        or found.username is not None
        or found.fragment
        or (found.query and not with_query)
        or not url.isascii()
        or not url.isprintable()
    ):
        raise NotAllowed("an address in the message is not one of SNS")
    return url
