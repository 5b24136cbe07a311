"""`truth.yaml`: what really happened in a bundle (contract section 3). A stranger may have written it: every key is checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import yaml

from bot.errors import BadInput
from bot.model.report import Verdict
from bot.model.value import rfc3339
from bot.telemetry.values import seconds

TRUTH_BYTES = 1024 * 1024  # a truth lists some dozens of change events
TEXT = 300  # characters of an id, a cause or a value
LISTED = 10_000  # causes, ids or red herrings in one truth

Herring = Mapping[str, str]
"""An innocent change: {"id": ...}, or any of {"time", "kind", "object"}; a bare text in the file may be an id or an object."""


@dataclass(frozen=True)
class Truth:
    """`accept[i]`: the causes that are right for fault i, its own among them. `onset`: epoch seconds. `slice` None: global, or not told."""

    verdict: Verdict
    layer: str | None
    causes: tuple[str, ...]
    accept: tuple[frozenset[str], ...]
    slice: Mapping[str, str] | None = None
    onset: float | None = None
    red_herrings: tuple[Herring, ...] = ()
    profile: str = "unknown"
    severity: str = "unknown"
    shape: str = "unknown"
    impact: bool = True

    @property
    def faulty(self) -> bool:
        return self.verdict is Verdict.FAULT

    @property
    def right(self) -> frozenset[str]:
        """Every cause that is a right first answer."""
        return frozenset().union(*self.accept)

    @property
    def right_layers(self) -> frozenset[str]:
        own = frozenset({self.layer}) if self.layer else frozenset()
        return own | frozenset(layer_of(cause) for cause in self.right if layer_of(cause) != "none")

    @property
    def quiet(self) -> bool:
        """A page behind which nothing was ever wrong; a fault without impact is another matter."""
        return self.verdict is Verdict.NO_FAULT and self.impact

    @property
    def first(self) -> str:
        """The cause that tables sort this scenario under."""
        return self.causes[0] if self.causes else "none"


def layer_of(cause: str) -> str:
    return cause.partition(".")[0]


def read_truth(path: Path) -> Truth:
    """BadInput names the file and the key."""
    if path.stat().st_size > TRUTH_BYTES:
        raise BadInput(f"larger than {TRUTH_BYTES} bytes", place=str(path))
    try:
        raw = yaml.safe_load(path.read_bytes())
    except (yaml.YAMLError, UnicodeDecodeError, ValueError, RecursionError) as error:
        raise BadInput(f"not YAML: {str(error).splitlines()[0] if str(error) else 'too deep'}"[:TEXT], place=str(path)) from None
    if not isinstance(raw, dict):
        raise BadInput("must be a map with verdict and causes", place=str(path))
    return _Reader(raw, str(path)).truth()


@dataclass(frozen=True)
class _Reader:
    raw: Mapping[object, object]
    file: str

    def bad(self, key: str, why: str) -> BadInput:
        return BadInput(why, place=f"{self.file}: {key}")

    def truth(self) -> Truth:
        verdict = self._verdict()
        causes = self._texts("causes", self.raw.get("causes"))
        layer = self._layer(verdict, causes)
        if verdict is Verdict.FAULT and not causes and layer is None:
            raise self.bad("causes", "a fault needs at least one cause")
        return Truth(
            verdict=verdict,
            layer=layer,
            causes=causes,
            accept=self._accept(causes),
            slice=self._slice(),
            onset=self._onset(),
            red_herrings=self._herrings(),
            profile=self._text("profile") or "unknown",
            severity=self._text("severity") or "unknown",
            shape=self._text("shape") or "unknown",
            impact=self._impact(),
        )

    def _verdict(self) -> Verdict:
        said = self.raw.get("verdict")
        found = next((one for one in Verdict if one.value == said), None)
        if found is None:
            raise self.bad("verdict", f"must be one of {', '.join(Verdict)}, not {str(said)[:60]!r}")
        return found

    def _layer(self, verdict: Verdict, causes: tuple[str, ...]) -> str | None:
        said = self._text("layer")
        if said is not None or verdict is not Verdict.FAULT:
            return said
        return layer_of(causes[0]) if causes else None

    def _accept(self, causes: tuple[str, ...]) -> tuple[frozenset[str], ...]:
        said = self.raw.get("accept")
        if said is None:
            return tuple(frozenset({cause}) for cause in causes)
        if not isinstance(said, list) or len(said) not in (0, len(causes)):
            raise self.bad("accept", f"must be one list of causes for each of the {len(causes)} causes")
        lists = [self._texts(f"accept[{number}]", one) for number, one in enumerate(said)] or [() for _ in causes]
        return tuple(frozenset({cause, *also}) for cause, also in zip(causes, lists, strict=True))

    def _slice(self) -> Mapping[str, str] | None:
        said = self.raw.get("slice")
        if said is None:
            return None
        if not isinstance(said, dict):
            raise self.bad("slice", "must be a map of dimension to value")
        for key, value in said.items():
            if not isinstance(key, str) or isinstance(value, dict | list) or value is None:
                raise self.bad(f"slice.{str(key)[:60]}", "must be a text")
        return {key: str(value)[:TEXT] for key, value in sorted(said.items())} or None

    def _onset(self) -> float | None:
        said = self.raw.get("onset")
        if said is None:
            return None
        at = seconds(rfc3339(said) if isinstance(said, datetime) else said) if isinstance(said, datetime | str) else None
        if at is None:
            raise self.bad("onset", "must be a time such as 2026-03-02T02:07:00Z")
        return at

    def _herrings(self) -> tuple[Herring, ...]:
        said = self.raw.get("red_herrings")
        if said is None:
            return ()
        if not isinstance(said, list) or len(said) > LISTED:
            raise self.bad("red_herrings", "must be a list of change ids")
        found: list[Herring] = []
        for number, one in enumerate(said):
            if isinstance(one, dict):
                found.append({str(key): self._written(value) for key, value in one.items() if value is not None})
            elif isinstance(one, str | int):
                found.append({"id": str(one)[:TEXT]})
            else:
                raise self.bad(f"red_herrings[{number}]", "must be a change's id, or a map of its time, kind and object")
        return tuple(found)

    def _written(self, value: object) -> str:
        return rfc3339(value) if isinstance(value, datetime) else str(value)[:TEXT]

    def _impact(self) -> bool:
        said = self.raw.get("impact", True)
        if not isinstance(said, bool):
            raise self.bad("impact", "must be true or false")
        return said

    def _text(self, key: str) -> str | None:
        said = self.raw.get(key)
        if said is None:
            return None
        if not isinstance(said, str):
            raise self.bad(key, "must be a text")
        return said[:TEXT]

    def _texts(self, key: str, said: object) -> tuple[str, ...]:
        if said is None:
            return ()
        if not isinstance(said, list) or len(said) > LISTED:
            raise self.bad(key, "must be a list of causes")
        for number, one in enumerate(said):
            if not isinstance(one, str) or "." not in one:
                raise self.bad(f"{key}[{number}]", "must be a cause such as retrieval.timeout")
        return tuple(str(one)[:TEXT] for one in said)
