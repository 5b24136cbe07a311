"""Proofs that a body is from who it says: HMAC schemes and tokens. Compared in constant time; any of several secrets may match.

Every scheme that signs a time refuses one more than TOLERANCE_S away from now, so that an old delivery cannot be played again.
Each gives the digest of what was signed: the same for a delivery that is played again, whatever its unsigned headers say.
"""

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Callable, Mapping

from bot.errors import NotAllowed

TOLERANCE_S = 300.0  # Standard Webhooks, Stripe and Slack agree on five minutes
SIGNATURES = 20  # in one header; a rotation has two
_COUNT = re.compile(r"\d{9,13}(?:\.\d{1,6})?")

Headers = Mapping[str, str]
Verify = Callable[[bytes, Headers, tuple[str, ...], float], str]


def hex_hmac(header: str, prefix: str = "") -> Verify:
    """HMAC-SHA256 of the body in hex; several, separated by commas, when the sender rotates its secrets."""

    def verify(body: bytes, headers: Headers, secrets: tuple[str, ...], _now: float) -> str:
        offered = [part.strip() for part in _header(headers, header).split(",")]
        _match([part.removeprefix(prefix) for part in offered if part.startswith(prefix)], secrets, lambda secret: _hex(secret, body))
        return _digest(body)

    return verify


def timed_hex_hmac(header: str, timestamps: tuple[str, ...]) -> Verify:
    """Grafana's form: HMAC of `<unix>:<body>` when a timestamp header is there, else of the body."""

    def verify(body: bytes, headers: Headers, secrets: tuple[str, ...], now: float) -> str:
        offered = [_header(headers, header)]
        stamp = next((headers[name].strip() for name in timestamps if name in headers), None)
        if stamp is not None:
            _recent(stamp, now)
        signed = body if stamp is None else stamp.encode("utf-8", "replace") + b":" + body
        _match(offered, secrets, lambda secret: _hex(secret, signed))
        return _digest(signed)

    return verify


def listed_hmac(header: str, separator: str = ".") -> Verify:
    """`t=<unix>,v1=<hex>,v1=<hex>` over `<unix><separator><body>`: Stripe's form, which Langfuse and Rootly use too."""

    def verify(body: bytes, headers: Headers, secrets: tuple[str, ...], now: float) -> str:
        pairs = [part.strip().partition("=")[::2] for part in _header(headers, header).split(",")]
        stamp = next((value for name, value in pairs if name == "t"), "")
        _recent(stamp, now)
        signed = stamp.encode("utf-8", "replace") + separator.encode() + body
        _match([value for name, value in pairs if name in ("v1", "s", "sha256")], secrets, lambda secret: _hex(secret, signed))
        return _digest(signed)

    return verify


def standard_webhooks(body: bytes, headers: Headers, secrets: tuple[str, ...], now: float) -> str:
    """`webhook-signature: v1,<base64> v1,<base64>` over `<id>.<timestamp>.<body>`; svix-* is the older name of the same headers."""
    kind = "webhook" if "webhook-signature" in headers else "svix"
    names = (f"{kind}-signature", f"{kind}-id", f"{kind}-timestamp")
    return _identified(names, _standard_key, body, headers, secrets, now)


def identified_hmac(signature: str, id_: str, timestamp: str) -> Verify:
    """The form of Standard Webhooks under other header names, keyed with the secret's own bytes: MLflow's."""

    def verify(body: bytes, headers: Headers, secrets: tuple[str, ...], now: float) -> str:
        return _identified((signature, id_, timestamp), str.encode, body, headers, secrets, now)

    return verify


def shared_secret(header: str) -> Verify:
    """The secret itself in a header: no signature, so whoever reads one delivery can forge the next. GitLab's older form."""

    def verify(body: bytes, headers: Headers, secrets: tuple[str, ...], _now: float) -> str:
        _match([_header(headers, header)], secrets, lambda secret: secret, "the secret token is wrong")
        return _digest(body)

    return verify


def first_of(header: str, signed: Verify, otherwise: Verify) -> Verify:
    """`signed` where the delivery has this header, else `otherwise`."""

    def verify(body: bytes, headers: Headers, secrets: tuple[str, ...], now: float) -> str:
        return (signed if header in headers else otherwise)(body, headers, secrets, now)

    return verify


def _identified(
    names: tuple[str, str, str], key: Callable[[str], bytes], body: bytes, headers: Headers, secrets: tuple[str, ...], now: float
) -> str:
    signature, id_, stamp = (_header(headers, name) for name in names)
    _recent(stamp, now)
    signed = f"{id_}.{stamp}.".encode("utf-8", "replace") + body
    _match(
        [part.removeprefix("v1,") for part in signature.split() if part.startswith("v1,")],
        secrets,
        lambda secret: base64.b64encode(hmac.digest(key(secret), signed, "sha256")).decode(),
    )
    return _digest(signed)


def token(headers: Headers, in_body: str | None, tokens: tuple[str, ...]) -> None:
    """A configured token as Bearer, as the password of Basic, in X-Midwatch-Token, or where this source's body carries one."""
    offered = [_bearer(headers), _password(headers), headers.get("x-midwatch-token", ""), in_body or ""]
    _match([one for one in offered if one], tokens, lambda known: known, "the token is missing or wrong")


def _match(offered: list[str], secrets: tuple[str, ...], expected: Callable[[str], str], said: str = "the signature is wrong") -> None:
    """All pairs are compared, whichever matches: the time taken tells nothing."""
    found = False
    for secret in secrets:
        right = expected(secret).encode("utf-8", "replace")
        for one in offered[:SIGNATURES]:
            found |= hmac.compare_digest(one.encode("utf-8", "replace"), right)
    if not found:
        raise NotAllowed(said)


def _header(headers: Headers, name: str) -> str:
    value = headers.get(name, "").strip()
    if not value:
        raise NotAllowed(f"the header {name} is missing")
    return value


def _recent(stamp: str, now: float) -> None:
    if not _COUNT.fullmatch(stamp):
        raise NotAllowed("the signed time is missing or not a time")
    at = float(stamp) / (1000.0 if len(stamp.partition(".")[0]) == 13 else 1.0)
    if abs(now - at) > TOLERANCE_S:
        raise NotAllowed(f"the signed time is more than {TOLERANCE_S:.0f} s from now")


def _hex(secret: str, signed: bytes) -> str:
    return hmac.digest(secret.encode(), signed, "sha256").hex()


def _digest(signed: bytes) -> str:
    return hashlib.sha256(signed).hexdigest()


def _standard_key(secret: str) -> bytes:
    """`whsec_<base64>` or bare base64; a secret that is neither is taken as it is."""
    try:
        return base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    except (binascii.Error, ValueError):
        return secret.encode()


def _bearer(headers: Headers) -> str:
    scheme, _, value = headers.get("authorization", "").partition(" ")
    return value.strip() if scheme.lower() in ("bearer", "token", "genie-key", "genikey") else ""


def _password(headers: Headers) -> str:
    scheme, _, encoded = headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return ""
    try:
        return base64.b64decode(encoded, validate=True).decode().partition(":")[2]
    except (binascii.Error, ValueError):
        return ""
