"""The commands of readiness over a real database: what they print, and who they refuse."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.cli import run

ROTATION = """
name: assistant
zone: Europe/Berlin
managers: [UBOSS]
people:
  - {id: UADA, name: Ada, known_as: [ada@example.com], mentor: UBO}
  - {id: UBO, name: Bo}
  - {id: UCY, name: Cy}
sources: [{schedule: oncall/shifts.yaml}]
drills: [{id: weekly, cron: "30 10 * * tue"}]
"""


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("MIDWATCH_HOME", str(tmp_path / "var"))
    monkeypatch.setenv("MIDWATCH_PLAYBOOKS", str(tmp_path))
    (tmp_path / "rotations" / "oncall").mkdir(parents=True)
    (tmp_path / "rotations" / "assistant.yaml").write_text(ROTATION)
    start = datetime.now(UTC) + timedelta(days=3)
    shifts = {
        "shifts": [
            {"person": who, "start": start.isoformat(), "end": (start + timedelta(days=7)).isoformat()}
            for who in ("ada@example.com", "zed")
        ]
    }
    (tmp_path / "rotations" / "oncall" / "shifts.yaml").write_text(json.dumps(shifts))
    return tmp_path


def said(capsys: pytest.CaptureFixture[str], *argv: str, code: int = 0) -> str:
    assert run(list(argv)) == code
    out, err = capsys.readouterr()
    if code:
        assert out == "" and len(err.splitlines()) == 1
        return err
    return out


def test_the_week_tells_the_channel_less_than_the_person(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    public = said(capsys, "ready", "week")
    assert "not ready yet: secondary with a buddy" in public and "lacks" not in public
    private = said(capsys, "ready", "week", "--as", "ada@example.com")
    assert "Next week's primary lacks" in private and "three drills" in private
    document = json.loads(said(capsys, "ready", "week", "--json", "--as", "UBO"))
    assert document["strangers"] == ["zed"] and len(document["notices"][0]["drills"]) == 3


def test_scores_are_private_and_an_override_is_logged(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "scores are for the person and their mentor" in said(capsys, "ready", "show", "UADA", "--as", "UCY", code=2)
    assert "4 people or more" in said(capsys, "ready", "team", code=2)
    assert "only a manager" in said(capsys, "ready", "override", "UADA", "--by", "UCY", "--why", "x", code=2)
    assert "UADA may be primary until" in said(capsys, "ready", "override", "UADA", "--by", "UBOSS", "--why", "nobody else")
    shown = json.loads(said(capsys, "ready", "show", "ada@example.com", "--json"))
    assert (shown["standing"], shown["overridden_by"], len(shown["levels"])) == ("overridden", "UBOSS", 12)
    assert "primary by a logged override" in said(capsys, "ready", "show", "UADA", "--as", "UBO")


def test_next_names_drills_that_can_be_run(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    document = json.loads(said(capsys, "ready", "next", "UADA", "--json"))
    assert 1 <= len(document["drills"]) <= 3 and sum(one["minutes"] for one in document["drills"]) <= 12
    assert f"midwatch drill run {document['drills'][0]['scenario']}" in said(capsys, "ready", "next", "UADA")


def test_due_times_are_shown_in_both_clocks(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    planned = json.loads(said(capsys, "drill", "schedule", "--json", "-n", "60"))["planned"]
    assert len(planned) == 60 and {one["local"].split()[2] for one in planned} == {"10:30"}
    assert {one["due_at"][11:16] for one in planned} == {"08:30", "09:30"}  # summer and winter
    assert "weekly" in said(capsys, "drill", "schedule")


def test_a_month_is_written_with_its_pictures(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = Path(said(capsys, "report", "month", "2026-02", "--to", str(place / "out")).strip())
    assert file.read_text().startswith("# On call in 2026-02") and len(list(file.parent.glob("*.png"))) == 4
    assert json.loads(said(capsys, "report", "month", "2026-02", "--json"))["incidents"]["closed"] == 0
    assert "![" not in said(capsys, "report", "month", "2026-02")


@pytest.mark.parametrize(
    ("argv", "words"),
    [
        (("report", "month", "2026-2"), "--month: must be YYYY-MM"),
        (("report", "note", "INC-7", "named", "--by", "U1", "--layer", "tool"), "INC-7: there is no such incident"),
        (("report", "note", "INC-7", "named", "--by", "U1"), "--layer: needs the layer or the cause"),
        (("report", "note", "INC-7", "guessed", "--by", "U1"), "KIND: must be named"),
        (("report", "note", "INC-7", "reviewed", "--by", "U1", "--cause", "tool.gremlin"), "--cause: unknown cause"),
        (("report", "note", "INC-7", "reviewed", "--by", "U1", "--cause", "tool.loop", "--layer", "model"), "--layer: tool.loop is not"),
        (("report", "note", "INC-7", "named", "--by", "U1", "--layer", "tool", "--at", "noon"), "--at: must be RFC 3339"),
        (("ready", "show", "UADA", "--rotation", "other"), "--rotation: no such rotation; there are: assistant"),
        (("ready", "show", "nobody"), "nobody: nobody on assistant is called that"),
    ],
)
def test_a_wrong_request_is_one_line(argv: tuple[str, ...], words: str, place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert words in said(capsys, *argv, code=2)


def test_a_rotation_that_cannot_be_read_is_named(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (place / "rotations" / "assistant.yaml").write_text("name: [")
    assert "assistant.yaml:1: not YAML" in said(capsys, "ready", "team", code=2)
