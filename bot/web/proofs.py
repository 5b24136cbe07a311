"""Who proves itself how: the doors of pages and changes, wired to the secrets that were configured.

One that can prove itself, by signature or token, is let in from anywhere; without a secret only this machine is.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass

from bot import pages
from bot.errors import BadSettings
from bot.model.change import Change
from bot.model.page import Page
from bot.pages import changes
from bot.web.hooks import ChangeDoor, PageSource, Prove
from bot.web.sns import SnsProof


@dataclass(frozen=True)
class Proofs:
    """`signing`, `own_tokens`: by source, any of several may be used, so that they can be rotated. `tokens`: for sources with none of
    their own. `topics`: of SNS. `fetch`: GET on the public internet. BadSettings when a source that cannot sign is told to."""

    signing: Mapping[str, tuple[str, ...]]
    own_tokens: Mapping[str, tuple[str, ...]]
    tokens: tuple[str, ...]
    topics: tuple[str, ...]
    fetch: Callable[[str], Awaitable[bytes]]

    def __post_init__(self) -> None:
        for name in sorted(self.signing):
            if not any(of.signed(name) for of in (pages, changes) if name in of.sources()):
                raise BadSettings(f"{name} cannot sign; give it a token in MIDWATCH_SOURCE_TOKENS", place="MIDWATCH_SOURCE_SECRETS")

    def page_sources(self) -> dict[str, PageSource]:
        return {name: self._page_source(name) for name in pages.sources()}

    def change_doors(self) -> dict[str, ChangeDoor]:
        return {name: self._change_door(name) for name in changes.sources()}

    def _page_source(self, name: str) -> PageSource:
        def parse(raw: bytes, headers: Mapping[str, str]) -> Sequence[Page]:
            return pages.parse(name, raw, headers)

        def delivery_id(raw: bytes, headers: Mapping[str, str], proof: str | None) -> str | None:
            return pages.delivery_id(name, raw, headers, proof)

        async def prove(raw: bytes, headers: Mapping[str, str], now: float) -> str | None:
            return pages.verify(name, raw, headers, signing, tokens, now)

        def knock(headers: Mapping[str, str]) -> None:
            pages.verify(name, b"", headers, (), tokens, 0.0)

        signing, tokens = self._of(name)
        by_headers = bool(tokens) and not (signing and pages.signed(name)) and pages.told_by_headers(name)
        proven: Prove | None = prove if tokens or (signing and pages.signed(name)) else None
        if name == "cloudwatch" and self.topics:
            proven, by_headers = SnsProof(self.topics, self.fetch, proven).prove, False
        both = self._parse_changes(name) if name in changes.sources() else None
        return PageSource(name, parse, delivery_id, proven, both, knock if by_headers else None)

    def _change_door(self, name: str) -> ChangeDoor:
        async def prove(raw: bytes, headers: Mapping[str, str], now: float) -> str | None:
            changes.verify(name, raw, headers, signing, tokens, now)
            return None

        def knock(headers: Mapping[str, str]) -> None:
            changes.verify(name, b"", headers, (), tokens, 0.0)

        signing, tokens = self._of(name)
        signs = bool(signing) and changes.signed(name)
        return ChangeDoor(name, self._parse_changes(name), prove if tokens or signs else None, knock if tokens and not signs else None)

    def _parse_changes(self, name: str) -> Callable[[bytes, Mapping[str, str]], Sequence[Change]]:
        return lambda raw, headers: changes.parse(name, raw, headers)

    def _of(self, name: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
        return self.signing.get(name, ()), self.own_tokens.get(name, self.tokens)
