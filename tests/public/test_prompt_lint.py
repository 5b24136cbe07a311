"""Prompt lint on public edits: the bugs that were fixed are found, ordinary edits are left alone, defects in real templates are found.

The data has edits as hunks, so that is what is read: two fragments of a file. A finding counts when it is not `info` and its rule fires
more often than on the predecessor alone.
"""

import json
import random
import re
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from bot.lint import lint
from tests.public.prompt_defects import DEFECTS, prepared

MOST_ALARMS = 0.05  # of ordinary edits that keep the template's variables
LEAST_GOLD = 8  # of the 8 bugs that can be told from the text; 11 rows in all
LEAST_DEFECTS = 0.9
VARIABLE = re.compile(r"\$?\{+\s?[A-Za-z_][\w.]*")
Row = dict[str, Any]


def rows(file: Path) -> list[Row]:
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines() if line.strip()]


def fragments(diff: str) -> tuple[str, str]:
    """A unified diff -> (before, after); hunks are set apart by a blank line."""
    before, after = [], []
    for line in diff.split("\n"):
        if line.startswith(("--- ", "+++ ")):
            continue
        if line.startswith("@@"):
            before.append("")
            after.append("")
            continue
        if not line.startswith("+"):
            before.append(line[1:])
        if not line.startswith("-"):
            after.append(line[1:])
    return "\n".join(before), "\n".join(after)


def fired(now: str, was: str) -> dict[str, str]:
    """Rule -> a claim, for rules that fire more often than on the predecessor alone."""
    alone = Counter(one.rule for one in lint(was) if one.severity != "info")
    found = [one for one in lint(now, was) if one.severity != "info"]
    counts = Counter(one.rule for one in found)
    return {one.rule: one.claim for one in found if counts[one.rule] > alone[one.rule]}


def test_bugs_that_were_fixed_are_found(data: Path) -> None:
    gold = rows(data / "prompts" / "prompt_bug_gold.jsonl")
    told = []
    for row in gold:
        before, after = fragments(row["diff"])
        told.append((row, fired(before, after)))
    seen = [row for row, found in told if found]
    static = [row for row in seen if row["statically_detectable"]]
    print(f"\nprompt lint: {len(seen)} of {len(gold)} fixed bugs found, {len(static)} of them told from the text alone")
    for row, found in told:
        print(f"  {row['bug_class']:28} {', '.join(sorted(found)) or '-'}")
    assert len(static) >= LEAST_GOLD


def test_ordinary_edits_are_left_alone(data: Path) -> None:
    edits = [row for row in rows(data / "prompts" / "prompt_diffs.jsonl") if row["kind"] == "other"]
    alarms: Counter[str] = Counter()
    counted: Counter[str] = Counter()
    kept_alarms: Counter[str] = Counter()
    kept: Counter[str] = Counter()
    for row in edits:
        before, after = fragments(row["diff"])
        found = bool(fired(after, before))
        same = set(VARIABLE.findall(before)) == set(VARIABLE.findall(after))
        counted[row["repo"]] += 1
        alarms[row["repo"]] += found
        kept[row["repo"]] += same
        kept_alarms[row["repo"]] += found and same
    print()
    for repo in sorted(counted):
        quiet, every = f"{kept_alarms[repo]} alarms in {kept[repo]} edits that keep the variables", f"{alarms[repo]} in all {counted[repo]}"
        print(f"prompt lint: {repo}: {quiet}, {every}")
    print(f"prompt lint: together {kept_alarms.total() / kept.total():.1%} and {alarms.total() / counted.total():.1%}")
    assert kept_alarms.total() <= MOST_ALARMS * kept.total()


def templates(edits: Iterable[Row]) -> list[str]:
    """Texts of the data that read like prompts of their own: long enough, and hardly any source around them."""
    found = {}
    for row in edits:
        _, after = fragments(row["diff"])
        prose = [
            line
            for line in after.split("\n")
            if len(line.split()) >= 6 and not re.search(r"[;{}]$|^\s*(?:import|from|const|return|def)\b", line)
        ]
        if len(prose) >= 8:
            found.setdefault(row["path"], "\n".join(prose))
    return [found[path] for path in sorted(found)]


@pytest.mark.parametrize("held_out", ["Aider-AI/aider", "assafelovic/gpt-researcher", "google-gemini/gemini-cli"])
def test_defects_put_into_real_templates_are_found(data: Path, held_out: str) -> None:
    texts = templates(row for row in rows(data / "prompts" / "prompt_diffs.jsonl") if row["repo"] == held_out)
    put: Counter[str] = Counter()
    found: Counter[str] = Counter()
    for i, text in enumerate(texts):
        base = prepared(text)
        for defect in DEFECTS:
            broken = defect(base, random.Random(f"{held_out} {i} {defect.__name__}"))
            if broken is None or broken == base:
                continue
            put[defect.__name__] += 1
            found[defect.__name__] += bool(fired(broken, base))
    missed = {name: f"{put[name] - found[name]}/{put[name]}" for name in sorted(put) if found[name] < put[name]}
    print(f"\nprompt lint: {held_out}: {found.total()} of {put.total()} defects found in {len(texts)} templates; missed {missed}")
    assert put.total() > 50
    assert found.total() >= LEAST_DEFECTS * put.total()
