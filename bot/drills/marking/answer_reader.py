"""Answers as a person or a program wrote them: YAML or JSON, many ways of saying the same thing, one error where it cannot be read."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import yaml

from bot.drills.marking.answer_keys import ALIASES, HARMLESS, KEYS, LAYERS, NOBODY, UNTOLD
from bot.drills.marking.answers import Action, Answers
from bot.drills.marking.words import EVERYBODY
from bot.errors import BadInput
from bot.model.report import Verdict
from bot.simulator.causes import CAUSES

ANSWERS_BYTES = 256 * 1024  # answers are a page of text
TEXT = 4_000  # characters of one text; more is a log somebody pasted
LISTED = 100  # items of one list
QUIZ = ("answer", "span", "discriminator", "prompt", "to", "component", "verify")


def read_answers(path: Path) -> Answers:
    """BadInput names the file and the key."""
    if not path.is_file():
        raise BadInput("is not a file" if path.exists() else "no such file", place=str(path))
    if path.stat().st_size > ANSWERS_BYTES:
        raise BadInput(f"larger than {ANSWERS_BYTES} bytes", place=str(path))
    try:
        raw = yaml.safe_load(path.read_bytes())  # JSON is YAML
    except (yaml.YAMLError, UnicodeDecodeError, ValueError, RecursionError) as error:
        raise BadInput(
            f"neither YAML nor JSON: {str(error).splitlines()[0] if str(error) else 'too deep'}"[:200], place=str(path)
        ) from None
    if raw is None:
        raise BadInput("is empty: write at least `layer` and `cause`", place=str(path))
    return understand(raw, str(path))


def understand(raw: object, place: str) -> Answers:
    """A parsed document -> Answers. BadInput names the key."""
    if not isinstance(raw, Mapping):
        raise BadInput("must be a map such as {layer: retrieval, cause: retrieval.timeout}", place=place)
    inner = raw.get("answers")
    if isinstance(inner, Mapping):  # {scenario: ..., answers: {...}}
        raw = {**{key: value for key, value in raw.items() if key != "answers"}, **inner}
    reader = Reader(place, {}, [])
    for name, value in raw.items():
        reader.take(str(name), value)
    return reader.answers()


@dataclass
class Reader:
    place: str
    said: dict[str, object]
    notes: list[str]

    def bad(self, key: str, why: str) -> BadInput:
        return BadInput(why, place=f"{self.place}: {key}")

    def take(self, name: str, value: object) -> None:
        key = KEYS.get(name.strip().casefold().replace("-", "_").replace(" ", "_"))
        if key is None:
            close = difflib.get_close_matches(name.casefold(), KEYS, 1, 0.78)
            if close and name.casefold() not in HARMLESS:
                raise self.bad(name[:60], f"unknown key; did you mean `{close[0]}`?")
            if name.casefold() not in HARMLESS:
                self.notes.append(f"`{name[:60]}` is no part of an answer and was left out")
        elif value is not None:
            if key in self.said:
                raise self.bad(name[:60], f"said twice: it is another name of `{ALIASES[key][0]}`")
            self.said[key] = value

    def answers(self) -> Answers:
        verdict, layer, causes, group = self._named()
        slice_, slice_text = self._slice()
        return Answers(
            verdict=verdict,
            layer=layer,
            causes=causes,
            group=group,
            slice=slice_,
            slice_text=slice_text,
            onset=self._text("onset"),
            evidence=self._texts("evidence"),
            asked=self._texts("asked"),
            confidence=self._confidence(),
            actions=self._actions(),
            verify=self._text("verify"),
            status=self._text("status"),
            escalation=self._text("escalation"),
            runbook=self._text("runbook"),
            missing=self._texts("missing"),
            blamed=self._texts("blamed"),
            innocent=self._texts("innocent"),
            seconds=self._seconds(),
            hints=int(self._number("hints", 0, 100) or 0),
            fields={
                key: self._text(key)
                for key in ("answer", "span", "discriminator", "prompt", "to", "component", "verify")
                if key in self.said
            },
            seed=self._seed(),
            notes=tuple(self.notes),
        )

    def _named(self) -> tuple[Verdict | None, str | None, tuple[str, ...], bool]:
        """Verdict, layer, causes and whether they are a group: each may be said by another."""
        layer = self._layer()
        several = self.said.get("cause")
        causes = self._causes("cause")
        grouped = self._causes("group")
        group = bool(grouped) or (isinstance(several, list | tuple) and len(causes) > 1)
        named = tuple(dict.fromkeys((*grouped, *causes))) if grouped else causes
        verdict = self._verdict()
        if layer in ("none", "unknown"):
            verdict = verdict or (Verdict.NO_FAULT if layer == "none" else Verdict.INSUFFICIENT)
            layer = None
        if verdict is None and named:
            verdict = Verdict.NO_FAULT if named[0].startswith("none.") else Verdict.FAULT
        if layer is None and named and verdict is Verdict.FAULT:
            layer = named[0].partition(".")[0]
        return verdict or (Verdict.FAULT if layer else None), layer, named, group

    def _layer(self) -> str | None:
        said = self._text("layer").strip().casefold()
        if not said:
            return None
        said = said.removesuffix(" layer").strip()
        said = {
            "infrastructure": "infra",
            "traffic": "infra",
            "tools": "tool",
            "models": "model",
            "prompts": "prompt",
            "costs": "cost",
        }.get(said, said)
        if said in NOBODY:
            return "none"
        if said in UNTOLD:
            return "unknown"
        if said not in LAYERS:
            raise self.bad("layer", f"must be one of {', '.join(LAYERS)}, none or unknown, not {said[:40]!r}")
        return said

    def _causes(self, key: str) -> tuple[str, ...]:
        found = []
        for number, text in enumerate(self._texts(key)):
            name = text.strip().casefold().replace(" ", "_").replace("-", "_")
            if name.replace("_", " ") in NOBODY | UNTOLD or name in NOBODY | UNTOLD:
                continue
            if name not in CAUSES:
                ends = [one for one in CAUSES if one.partition(".")[2] == name]
                close = difflib.get_close_matches(name, CAUSES, 1, 0.8)
                if len(ends) != 1:
                    hint = f"; did you mean {close[0]}?" if close else "; they are listed by `midwatch drill causes`"
                    raise self.bad(f"{key}[{number}]", f"unknown cause {text[:60]!r}{hint}")
                name = ends[0]
            found.append(name)
        return tuple(dict.fromkeys(found))

    def _verdict(self) -> Verdict | None:
        said = self._text("verdict").strip().casefold()
        cause = self._text("cause").strip().casefold() if isinstance(self.said.get("cause"), str) else ""
        for text in (said, cause):
            if text in NOBODY or text.startswith("none."):
                return Verdict.NO_FAULT
            if text in UNTOLD or text.replace("_", " ") in UNTOLD:
                return Verdict.INSUFFICIENT
        if said == "fault":
            return Verdict.FAULT
        if said:
            raise self.bad("verdict", f"must be fault, no_fault or insufficient_data, not {said[:40]!r}")
        return None

    def _slice(self) -> tuple[Mapping[str, str] | None, str]:
        said = self.said.get("slice")
        if said is None:
            return None, ""
        if isinstance(said, Mapping):
            said = said.get("where", said) if isinstance(said.get("where"), Mapping) else said
            assert isinstance(said, Mapping)
            for key, value in said.items():
                if isinstance(value, Mapping):
                    raise self.bad(f"slice.{str(key)[:60]}", "must be a text")
            told = {str(key): self._joined(value) for key, value in said.items() if value is not None}
            return told, " ".join(f"{key} {value}" for key, value in told.items())
        text = "; ".join(self._texts("slice"))
        return ({} if EVERYBODY.search(text) else None), text or "everybody"

    def _joined(self, value: object) -> str:
        return "|".join(str(one) for one in value)[:TEXT] if isinstance(value, list | tuple) else str(value)[:TEXT]

    def _confidence(self) -> float | None:
        said = self.said.get("confidence")
        if said is None:
            return None
        text = str(said).strip()
        try:
            value = float(text.rstrip("%"))
        except ValueError:
            raise self.bad("confidence", f"must be a number such as 0.8 or 80 %, not {text[:40]!r}") from None
        if text.endswith("%") or value > 1.0:
            value /= 100.0
        if isinstance(said, bool) or not 0.0 <= value <= 1.0:
            raise self.bad("confidence", f"must lie between 0 and 1 (or 0 and 100 %), not {text[:40]}")
        return min(max(value, 0.5), 0.99)  # below one half, the other answer would be the answer

    def _seconds(self) -> float | None:
        seconds, minutes = self._number("seconds", 0, 1e6), self._number("minutes", 0, 1e5)
        return seconds if seconds is not None else minutes * 60.0 if minutes is not None else None

    def _number(self, key: str, low: float, high: float) -> float | None:
        said = self.said.get(key)
        if said is None:
            return None
        if isinstance(said, bool) or not isinstance(said, int | float) or not low <= float(said) <= high:
            raise self.bad(key, f"must be a number from {low:g} to {high:g}")
        return float(said)

    def _seed(self) -> int | None:
        said = self.said.get("seed")
        if said is not None and (isinstance(said, bool) or not isinstance(said, int) or said < 0):
            raise self.bad("seed", "must be a whole number")
        return said if isinstance(said, int) else None

    def _actions(self) -> tuple[Action, ...]:
        said = self.said.get("actions")
        listed = list(said) if isinstance(said, list | tuple) else [said] if said is not None else []
        return tuple(self._action(number, one) for number, one in enumerate(listed[:LISTED]))

    def _action(self, number: int, one: object) -> Action:
        if isinstance(one, Mapping):
            known = {str(key).casefold(): value for key, value in one.items()}
            text = next((str(known[key]) for key in ("action", "do", "text", "first", "command", "what") if known.get(key)), "")
            if not text:
                raise self.bad(f"actions[{number}]", "needs the key `action`")
            return Action(
                text[:TEXT],
                str(known.get("verify") or "")[:TEXT],
                str(known.get("rollback") or "")[:TEXT],
                known.get("irreversible") is True,
            )
        if isinstance(one, str):
            return Action(one[:TEXT])
        raise self.bad(f"actions[{number}]", "must be a text, or a map with action, verify and rollback")

    def _text(self, key: str) -> str:
        return "; ".join(self._texts(key))

    def _texts(self, key: str) -> tuple[str, ...]:
        """A text, a list of texts, or maps with the text under some key: all the ways people write a list."""
        said = self.said.get(key)
        if said is None:
            return ()
        listed = list(said) if isinstance(said, list | tuple) else [said]
        if len(listed) > LISTED:
            raise self.bad(key, f"more than {LISTED} items")
        return tuple(self._one_text(key, number, one) for number, one in enumerate(listed) if one not in (None, ""))

    def _one_text(self, key: str, number: int, one: object) -> str:
        if isinstance(one, Mapping):
            parts = [str(value) for value in one.values() if isinstance(value, str | int | float) and not isinstance(value, bool)]
            if not parts:
                raise self.bad(f"{key}[{number}]", "holds no text")
            return " ".join(parts)[:TEXT]
        if isinstance(one, list | tuple):
            raise self.bad(f"{key}[{number}]", "must be a text")
        if isinstance(one, bool):
            return "yes" if one else ""
        return (one.isoformat() if hasattr(one, "isoformat") else str(one))[:TEXT]
