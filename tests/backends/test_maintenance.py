"""Maintenance windows as operators write them."""

import os
from pathlib import Path

import pytest

from bot.backends.maintenance import Maintenance
from bot.errors import BadSettings
from bot.model.value import moment
from tests.contract.test_records import a_page

WINDOW = "why: index rebuild\nfrom: 2026-03-02T02:00:00Z\nuntil: 2026-03-02T04:00:00Z\nservice: assistant\nmatch: {env: prod}\n"
TWO = 1_772_416_800.0  # 2026-03-02T02:00:00Z


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def put(home: Path, text: str, name: str = "a") -> Path:
    file = home / "maintenance" / f"{name}.yaml"
    file.parent.mkdir(exist_ok=True)
    file.write_text(text)
    return file


def test_a_page_inside_is_quiet_until_the_end_and_others_are_not(tmp_path: Path) -> None:
    put(tmp_path, WINDOW)
    known = Maintenance(tmp_path, lambda page: page.service)
    inside = a_page(labels={"env": "prod"})
    quiet = known.quiet(inside, moment(TWO))
    assert quiet is not None
    assert (quiet.until, quiet.why) == (moment(TWO + 7200), "index rebuild")
    assert known.quiet(inside, moment(TWO - 1)) is None
    assert known.quiet(inside, moment(TWO + 7200)) is None
    assert known.quiet(a_page(labels={"env": "staging"}), moment(TWO)) is None
    assert known.quiet(a_page(service="search", labels={"env": "prod"}), moment(TWO)) is None


def test_the_longest_of_several_counts_and_a_service_by_another_name_is_known(tmp_path: Path) -> None:
    put(tmp_path, WINDOW.replace("T04", "T03").replace("match: {env: prod}\n", ""))
    put(tmp_path, WINDOW.replace("match: {env: prod}\n", "").replace("index rebuild", "longer"), "b")
    quiet = Maintenance(tmp_path, lambda _page: "assistant").quiet(a_page(service="AI Assistant (PD)"), moment(TWO))
    assert quiet is not None
    assert quiet.why == "longer"


def test_a_file_put_there_later_counts_and_a_broken_one_leaves_all_as_it_was(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    clock = Clock()
    known, inside = Maintenance(tmp_path, lambda page: page.service, clock), a_page(labels={"env": "prod"})
    file = put(tmp_path, WINDOW)
    assert known.quiet(inside, moment(TWO)) is None
    clock.now += 10
    assert known.quiet(inside, moment(TWO)) is not None
    file.write_text("why: [")
    os.utime(file, ns=(1, 1))
    clock.now += 10
    assert known.quiet(inside, moment(TWO)) is not None
    assert "maintenance stays as it was" in caplog.text
    file.unlink()
    clock.now += 10
    assert known.quiet(inside, moment(TWO)) is None


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("why: [", "not YAML"),
        (WINDOW.replace("2026-03-02T04", "2026-04-02T04"), "at most 14 days"),
        (WINDOW.replace("T04", "T01"), "after `from`"),
        (WINDOW.replace("00Z", "00"), "timezone"),
        (WINDOW.replace("service: assistant\nmatch: {env: prod}\n", ""), "keep everything quiet"),
        (WINDOW + "untill: x\n", "untill"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_its_place(tmp_path: Path, text: str, told: str) -> None:
    file = put(tmp_path, text)
    with pytest.raises(BadSettings, match=told) as refused:
        Maintenance(tmp_path, lambda page: page.service)
    assert str(file) in str(refused.value)
