"""Answers as a file that `midwatch drill run --answers` reads back."""

from __future__ import annotations

import yaml

from bot.drills.marking.answers import Answers


def written(answers: Answers, seed: int | None = None) -> str:
    """YAML with the documented keys, in the order a person would answer; what was not answered is not in it."""
    causes = list(answers.causes)
    told: dict[str, object] = {
        "seed": seed,
        "verdict": answers.verdict.value if answers.verdict else None,
        "layer": answers.layer,
        "group" if answers.group else "cause": (causes if answers.group else causes[0] if len(causes) == 1 else causes) or None,
        "slice": ("everybody" if answers.slice == {} else dict(answers.slice)) if answers.slice is not None else answers.slice_text or None,
        "onset": answers.onset or None,
        "evidence": list(answers.evidence) or None,
        "asked": list(answers.asked) or None,
        "confidence": answers.confidence,
        "actions": [_action(one.text, one.verify, one.rollback) for one in answers.actions] or None,
        "verify": answers.verify or None,
        "status": answers.status or None,
        "escalation": answers.escalation or None,
        "runbook": answers.runbook or None,
        "missing": list(answers.missing) or None,
        "blamed": list(answers.blamed) or None,
        "innocent": list(answers.innocent) or None,
        "seconds": answers.seconds,
        "hints": answers.hints or None,
        **{key: value for key, value in answers.fields.items() if key != "verify"},
    }
    return yaml.safe_dump({key: value for key, value in told.items() if value is not None}, sort_keys=False, allow_unicode=True, width=120)


def _action(text: str, verify: str, rollback: str) -> dict[str, str]:
    return {key: value for key, value in (("action", text), ("verify", verify), ("rollback", rollback)) if value}
