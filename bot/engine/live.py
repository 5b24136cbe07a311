"""The prompt texts that were in use in the current window."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bot.engine.exam import Exam
from bot.model.evidence import PromptText
from bot.model.frame import BoolArray


@dataclass(frozen=True)
class Live:
    """One text in use, the versions of the same prompt before it, and the requests that used it."""

    text: PromptText
    before: tuple[PromptText, ...]
    requests: BoolArray


def live_texts(exam: Exam) -> list[Live]:
    """Versions that calls of C name; the newest of a prompt where calls name none. Sorted by name, then by age."""
    used: dict[tuple[str, str], BoolArray] = {}
    for kind in ("llm", "prompt"):
        frame = exam.ops(kind)
        now = exam.current(frame)
        names, versions = exam.dim(frame, "prompt_name"), exam.dim(frame, "prompt_version")
        pairs = np.unique(np.stack([names.codes[now], versions.codes[now]]), axis=1).T
        for name, version in pairs[(pairs >= 0).all(axis=1)]:
            rows = now & (names.codes == name) & (versions.codes == version)
            marked = exam.evidence.requests_with(frame, rows)
            key = (names.values[name], versions.values[version])
            used[key] = used[key] | marked if key in used else marked
    found = []
    for name, texts in sorted((exam.evidence.prompts or {}).items()):
        mine = [i for i, one in enumerate(texts) if (name, one.version) in used]
        if not mine and texts and not any(known == name for known, _ in used):
            mine = [len(texts) - 1]
        nobody = np.zeros(exam.requests.n, dtype=np.bool_)
        found += [Live(texts[i], texts[:i], used.get((name, texts[i].version), nobody)) for i in mine]
    return found
