"""docs/pages.md tells the truth: every source is in its table, with the proof it takes, and its samples are read."""

import json
import re
from pathlib import Path

import pytest

from bot import pages
from bot.pages import changes
from bot.pages.changes import parse_changes

TEXT = (Path(__file__).parents[2] / "docs" / "pages.md").read_text(encoding="utf-8")
PAGES, _, CHANGES = TEXT.partition("## Systems that tell of changes")
ROWS = dict(re.findall(r"^\| `([a-z_]+)` \| (.*?) \|", PAGES, re.MULTILINE))
SAMPLES = re.findall(r"```json\n(.*?)```", TEXT, re.DOTALL)


def test_the_table_has_every_source() -> None:
    assert tuple(ROWS) == pages.sources()


@pytest.mark.parametrize("source", pages.sources())
def test_the_table_says_who_signs(source: str) -> None:
    assert pages.signed(source) == (not ROWS[source].startswith("token"))


def test_the_datadog_template_is_read_when_it_is_filled_and_when_it_is_not() -> None:
    filled = re.sub(
        r"\$([A-Z_]+)", lambda hit: {"ALERT_TRANSITION": "Recovered", "ALERT_PRIORITY": "P1"}.get(hit[1], hit[1].lower()), SAMPLES[0]
    )
    (page,) = pages.parse("datadog", filled.encode(), {})
    assert (page.title, page.status, page.severity, page.dedup_key) == ("event_title", "resolved", "critical", "alert_cycle_key")
    partly = SAMPLES[0].replace("$EVENT_TITLE", "CPU high")
    assert pages.parse("datadog", partly.encode(), {})[0].title == "CPU high"


def test_the_change_event_is_read() -> None:
    (change,) = parse_changes(json.dumps(json.loads(SAMPLES[1])).encode(), {})
    assert (change.kind, change.object, change.after) == ("prompt", "answer", "v4")


def test_the_table_has_every_source_of_changes_and_says_who_signs() -> None:
    rows = dict(re.findall(r"^\| `(\w+)` \| .* \| (.*?) \|$", CHANGES, re.MULTILINE))
    assert tuple(rows) == changes.sources()
    assert {source for source, proof in rows.items() if proof == "token"} == {
        source for source in changes.sources() if not changes.signed(source)
    }


def test_argo_cds_template_is_read_when_it_is_filled() -> None:
    (template,) = re.findall(r"body: \|\n(.*?)```", TEXT, re.DOTALL)
    filled = {
        ".phase": "Succeeded",
        ".finishedAt": "2026-03-02T01:00:00Z",
        ".argocdUrl": "https://argocd.example.com",
        ".namespace": "chat",
    }
    body = re.sub(r"\{\{[\w.]+?(\.\w+)\}\}", lambda hit: filled.get(hit[1], "assistant"), template)
    (change,) = changes.parse("argocd", body.encode(), {})
    assert (change.object, change.link) == ("assistant", "https://argocd.example.com/applications/assistant")
