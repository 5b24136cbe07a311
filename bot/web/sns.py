"""The proof of an SNS delivery: topic, time and addresses first, then the certificate, then the signature. Certificates are kept."""

import logging
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

import orjson

from bot.errors import NotAllowed, SourceUnavailable
from bot.pages.reading import sns

log = logging.getLogger(__name__)

T = TypeVar("T")
Prove = Callable[[bytes, Mapping[str, str], float], Awaitable[str | None]]

KEPT = 16  # certificates; SNS has one a region and changes it some times a year
AGAIN_S = 30.0  # an address that gave nothing is not asked again sooner, or a forger could have us fetch at will


@dataclass
class SnsProof:
    """`otherwise` proves what is no SNS envelope (EventBridge, raw message delivery); None refuses it."""

    topics: Sequence[str]
    fetch: Callable[[str], Awaitable[bytes]]
    otherwise: Prove | None = None
    _certificates: OrderedDict[str, bytes] = field(default_factory=OrderedDict)
    _failed: OrderedDict[str, float] = field(default_factory=OrderedDict)

    async def prove(self, raw: bytes, headers: Mapping[str, str], now: float) -> str | None:
        """The digest of what SNS signed. NotAllowed, or SourceUnavailable when the certificate cannot be had now: SNS sends again."""
        try:
            body = orjson.loads(raw)
        except orjson.JSONDecodeError:
            body = None
        if not isinstance(body, dict) or not sns.is_envelope(body):
            if self.otherwise is None:
                raise NotAllowed("not a signed message of SNS")
            return await self.otherwise(raw, headers, now)
        message = sns.admitted(body, self.topics, now)
        proof = sns.check(message, await self._certificate(message.certificate_url, now), now)
        if message.subscribe_url is not None:
            await self.fetch(message.subscribe_url)
            log.info("the subscription to %s is confirmed", message.fields["TopicArn"])
        return proof

    async def _certificate(self, url: str, now: float) -> bytes:
        if url in self._certificates:
            return self._certificates[url]
        if now - self._failed.get(url, now - AGAIN_S) < AGAIN_S:
            raise SourceUnavailable("the signing certificate could not be had a moment ago", source="sns", asked=f"GET {url}")
        try:
            found = await self.fetch(url)
        except SourceUnavailable:
            _keep(self._failed, url, now)
            raise
        if found.startswith(b"-----BEGIN CERTIFICATE-----"):  # an error page with status 200 must not be believed until a restart
            _keep(self._certificates, url, found)
        return found


def _keep(kept: "OrderedDict[str, T]", url: str, value: T) -> None:
    kept[url] = value
    kept.move_to_end(url)
    if len(kept) > KEPT:
        kept.popitem(last=False)
