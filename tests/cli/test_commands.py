"""The joined program: exit codes, one line on stderr, one JSON document on stdout, and nothing loaded that was not asked for."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import typer

from bot import cli
from bot.errors import BadPage, SourceUnavailable

HEAVY = (
    "chromadb",
    "duckdb",
    "ibis",
    "torch",
    "sentence_transformers",
    "slack_bolt",
    "fastapi",
    "langgraph",
    "dbos",
    "scipy",
    "matplotlib",
)
BODY = {"status": "firing", "groupKey": "g", "commonLabels": {"alertname": "A", "severity": "critical"}, "alerts": []}

Said = tuple[int, str, str]


@pytest.fixture
def said(capsys: pytest.CaptureFixture[str]) -> Callable[..., Said]:
    def run(*argv: str) -> Said:
        code = cli.run(argv)
        out = capsys.readouterr()
        return code, out.out, out.err

    return run


@pytest.fixture
def page(tmp_path: Path) -> Path:
    file = tmp_path / "page.json"
    file.write_text(json.dumps(BODY))
    return file


def one_line(err: str) -> str:
    assert err.startswith("midwatch: ")
    assert err.count("\n") == 1
    assert err.endswith("\n")
    assert "Traceback" not in err
    return err.removeprefix("midwatch: ").strip()


def test_every_command_listed_is_there_and_says_what_it_is_for() -> None:
    for command in cli.COMMANDS:
        assert isinstance(command.load(), typer.Typer)
        assert command.help.endswith(".")
    assert [command.name for command in cli.COMMANDS] == sorted(command.name for command in cli.COMMANDS)


def test_help_lists_every_command(said: Callable[..., Said]) -> None:
    code, out, _ = said("--help")
    assert code == 0
    assert all(command.name in out for command in cli.COMMANDS)


def test_help_and_page_parse_load_nothing_heavy(page: Path) -> None:
    for argv in (["--help"], ["page", "parse", "--source", "alertmanager", str(page), "--json"]):
        loaded = f"print([m for m in {HEAVY!r} if m in sys.modules], file=sys.stderr)"
        probe = f"import sys; from bot.cli import run; assert run({argv!r}) == 0; {loaded}"
        done = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True)
        assert done.stderr.strip().splitlines()[-1] == "[]"


def test_version(said: Callable[..., Said]) -> None:
    code, out, err = said("--version")
    assert (code, err) == (0, "")
    assert out.strip().count(".") == 2


@pytest.mark.parametrize(
    ("argv", "text"),
    [
        (["nope"], "command line: No such command 'nope'."),
        (["page", "nope"], "page: No such command 'nope'."),
        (["page", "parse"], "page parse: Missing argument"),
        (["page", "sources", "--jsn"], "page sources: No such option: --jsn"),
        (["page", "parse", "--source", "nagios", "x"], "--source: unknown source 'nagios'; there are alertmanager,"),
        (["page", "parse", "--source", "grafana", "/no/such/file"], "/no/such/file: cannot be read: No such file or directory"),
        (["page", "parse", "--source", "grafana", "/"], "/: is a folder"),
    ],
)
def test_a_wrong_command_line_is_exit_2_and_one_line(said: Callable[..., Said], argv: list[str], text: str) -> None:
    code, out, err = said(*argv)
    assert code == 2
    assert out == ""
    assert one_line(err).startswith(text)


def with_command(failure: BaseException) -> typer.Typer:
    app = typer.Typer()

    @app.command("fails")
    def fails() -> None:
        raise failure

    app.callback()(lambda: None)
    return app


@pytest.mark.parametrize(
    ("failure", "code", "text"),
    [
        (BadPage("is empty", place="page.json"), 2, "page.json: is empty"),
        (SourceUnavailable("no answer"), 1, "no answer"),
        (ValueError("two\nlines\x1b[31m"), 1, "internal fault: ValueError: two lines [31m"),
        (RecursionError("deep"), 1, "internal fault: RecursionError: deep"),
    ],
)
def test_what_a_command_raises_is_one_line(capsys: pytest.CaptureFixture[str], failure: Exception, code: int, text: str) -> None:
    assert cli.guarded(lambda: with_command(failure)(["fails"], prog_name="midwatch", standalone_mode=False)) == code
    assert one_line(capsys.readouterr().err) == text


def test_an_interrupted_command_ends_quietly(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.guarded(lambda: with_command(KeyboardInterrupt())(["fails"], prog_name="midwatch", standalone_mode=False)) == 130
    assert capsys.readouterr().err == ""


def test_page_sources(said: Callable[..., Said]) -> None:
    code, out, _ = said("page", "sources", "--json")
    assert code == 0
    assert {"alertmanager", "pagerduty", "grafana", "generic"} <= set(json.loads(out))
    assert said("page", "sources")[1].split() == json.loads(out)


def test_page_parse_prints_the_contracts_keys(said: Callable[..., Said], page: Path) -> None:
    code, out, err = said("page", "parse", "--source", "alertmanager", str(page), "--json")
    assert (code, err) == (0, "")
    (told,) = json.loads(out)
    assert list(told) == [
        "source", "dedup_key", "title", "description", "status", "severity", "service", "starts_at", "ends_at",
        "labels", "links", "claimed",
    ]  # fmt: skip
    assert (told["title"], told["status"], told["severity"]) == ("A", "firing", "critical")


def test_page_parse_for_people(said: Callable[..., Said], page: Path) -> None:
    code, out, _ = said("page", "parse", "--source", "alertmanager", str(page))
    assert code == 0
    assert out.startswith("firing  critical  A\n")


def test_no_page_is_an_empty_list(said: Callable[..., Said], tmp_path: Path) -> None:
    file = tmp_path / "ping.json"
    file.write_text('{"event": {"event_type": "pagey.ping", "data": {"type": "ping"}}}')
    assert said("page", "parse", "--source", "pagerduty", str(file), "--json")[:2] == (0, "[]\n")
    assert "Not a page" in said("page", "parse", "--source", "pagerduty", str(file))[1]


def test_headers_are_read_and_wrong_ones_named(said: Callable[..., Said], tmp_path: Path) -> None:
    body, headers = tmp_path / "page.json", tmp_path / "headers.json"
    body.write_text('{"action": "created", "data": {"comment": "x"}}')
    headers.write_text('{"Sentry-Hook-Resource": ["comment"]}')
    assert said("page", "parse", "--source", "sentry", str(body), "--headers", str(headers), "--json")[:2] == (0, "[]\n")
    for text, place in (
        ("{", f"{headers}: not JSON"),
        ("[]", f"{headers}: expected an object"),
        ('{"a": {}}', f"{headers}: a: a header's value"),
    ):
        headers.write_text(text)
        code, _, err = said("page", "parse", "--source", "sentry", str(body), "--headers", str(headers))
        assert code == 2
        assert one_line(err).startswith(place)


def test_a_bad_body_names_file_line_and_column(said: Callable[..., Said], tmp_path: Path) -> None:
    file = tmp_path / "page.json"
    file.write_text('{"alerts":\n  [tru')
    code, _, err = said("page", "parse", "--source", "alertmanager", str(file), "--json")
    assert code == 2
    assert one_line(err).startswith(f"{file}:2:")


def test_a_reader_that_stops_reading_gets_no_traceback() -> None:
    command = f"{sys.executable} -m bot page sources | true"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=False)
    assert "Traceback" not in done.stderr
