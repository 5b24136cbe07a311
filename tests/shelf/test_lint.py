"""One runbook a rule that it speaks of, and one that it leaves alone."""

from datetime import date
from pathlib import Path

import pytest

from bot.model.runbook import Runbook
from bot.shelf.lint import Finding, Known, lint
from bot.shelf.read import read_folders

TODAY = date(2026, 11, 21)
GOOD = "# Disk full\n\nThe disk of a node is full and writes fail. Free some space, then look again whether writes succeed.\n"
KNOWN = Known(
    causes=frozenset({"tool.loop"}),
    services=frozenset({"assistant"}),
    commands=frozenset({"triage", "runbooks", "runbooks index"}),
    settings=frozenset({"MIDWATCH_HOME"}),
)


def looked(tmp_path: Path, **texts: str) -> list[Finding]:
    for name, text in texts.items():
        (tmp_path / f"{name}.md").write_text(text)
    return list(lint([document.runbook for document in read_folders([tmp_path]).documents], KNOWN, TODAY))


def rules(tmp_path: Path, text: str, head: str = "owner: ops\nreviewed_on: 2026-11-01") -> list[tuple[str, int]]:
    return [(one.rule, one.line) for one in looked(tmp_path, book=f"---\n{head}\n---\n{text}") if one.path == "book.md"]


def test_a_runbook_in_order_has_no_findings(tmp_path: Path) -> None:
    assert rules(tmp_path, GOOD) == []


@pytest.mark.parametrize(
    ("head", "found"),
    [
        ("owner: ops", [("never_reviewed", 1)]),
        ("reviewed_on: 2026-11-01", [("no_owner", 1)]),
        ("owner: ops\nreviewed_on: 2026-05-25", []),  # 180 days
        ("owner: ops\nreviewed_on: 2026-05-24", [("stale", 1)]),
        ("owner: ops\nreviewed_on: 2027-01-01", [("stale", 1)]),
        ("owner: ops\nreviewed_on: last spring", [("never_reviewed", 1)]),
        ("owner: ops\nreviewed_on: 2026-11-01\ncauses: [tool.loop]\nservices: [assistant]", []),
        ("owner: ops\nreviewed_on: 2026-11-01\ncauses: [tool.gone]\nservices: [other]", [("gone", 1), ("gone", 1)]),
    ],
)
def test_front_matter(tmp_path: Path, head: str, found: list[tuple[str, int]]) -> None:
    assert rules(tmp_path, GOOD, head) == found


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("See [that](other.md) and [the web](https://n.test/x.md) and ![a picture](p.md).", []),
        ("See [that](gone.md).", [("dead_link", 9)]),
        ("See [that](sub/../other.md#free-some-space) and [here](#disk-full).", []),
        ("See [that](other.md#no-such-heading).", [("dead_link", 9)]),
        ("It may be `tool.loop`.", []),
        ("It may be `tool.looping`.", [("gone", 9)]),
        ("Run `midwatch triage BUNDLE` or `midwatch runbooks index DIR`; midwatch was here.", []),
        ("Run `midwatch heal BUNDLE`.", [("gone", 9)]),
        ("Set MIDWATCH_HOME.", []),
        ("Set MIDWATCH_HOUSE.", [("gone", 9)]),
        ("TODO: say more.", [("unfinished", 9)]),
        ("Run `kubectl delete pod x`.", [("no_way_back", 9)]),
        ("Run `kubectl delete pod x`; restore it from the last backup.", []),
        ("We had to delete from memory what we knew.", []),
        ("```sql\nSELECT tool, count(*) FROM spans WHERE ts > $onset GROUP BY ALL;\n```", []),
        ("```sql\nSELECT no_such_column FROM spans;\n```", [("broken_query", 9)]),
        ("```sql\nSELECT no_such_column FROM other_table;\n```", []),
        ("```sql\nSELECT * FROM spans, read_csv('/etc/passwd');\n```", [("broken_query", 9)]),
    ],
)
def test_body(tmp_path: Path, line: str, found: list[tuple[str, int]]) -> None:
    (tmp_path / "other.md").write_text(f"{GOOD}\n## Free some space\n\nDelete old logs.\n")
    assert rules(tmp_path, f"{GOOD}\n{line}\n") == found


def test_a_stub_is_no_runbook(tmp_path: Path) -> None:
    assert rules(tmp_path, "# Disk full\n") == [("unfinished", 5)]


def test_two_with_one_id_and_two_with_one_text(tmp_path: Path) -> None:
    text = " ".join(f"step {number} look at the disk of host {number} and free some space" for number in range(12))
    found = looked(tmp_path, a=f"---\nid: disk\n---\n{text}", b=f"---\nid: disk\n---\n{text}")
    assert [(one.rule, one.path) for one in found if one.rule.startswith("same")] == [("same_id", "b.md"), ("same_text", "b.md")]


def test_a_hostile_runbook_does_not_take_long(tmp_path: Path) -> None:
    body = "[" * 50_000 + "`" * 50_001 + "kubectl delete " * 2000 + "```sql\nfrom spans\n```\n" * 500
    found = lint([Runbook(id="x", path="x.md", title="X", body=body)], KNOWN, TODAY)
    assert len([one for one in found if one.rule == "no_way_back"]) <= 50
    assert len([one for one in found if one.rule == "broken_query"]) <= 50
