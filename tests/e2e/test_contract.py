"""The commands as they are judged from outside: contract JSON, the same bytes, honest answers to thin bundles, one line for bad ones."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from bot import cli
from bot.simulator.stories import story
from bot.simulator.strip import strip_optional

SCHEMA = json.loads((Path(__file__).parent / "report.schema.json").read_text())
MINUTE = 60.0
TRUTH = "truth.yaml"


def midwatch(*words: str, seed: str = "0", **more: str) -> "subprocess.Popen[bytes]":
    """The command as a process of its own, with a hash seed, no terminal and no input."""
    env = os.environ | {"PYTHONHASHSEED": seed} | more
    pipe = subprocess.PIPE
    return subprocess.Popen([sys.executable, "-m", "bot", *words], env=env, stdin=subprocess.DEVNULL, stdout=pipe, stderr=pipe)


def finished(process: "subprocess.Popen[bytes]") -> tuple[bytes, str]:
    out, err = process.communicate(timeout=240)
    assert process.returncode == 0, err.decode()
    return out, err.decode()


Ran = tuple[int, str, str]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Callable[..., Ran]:
    """A command line in this process: exit code, stdout, stderr."""

    def ran(*words: str) -> Ran:
        code = cli.run(words)
        said = capsys.readouterr()
        return code, said.out, said.err

    return ran


@pytest.fixture(scope="session")
def stories(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo's bundle, written by the command; a healthy night, and the same as the poorest emitter would tell it."""
    home = tmp_path_factory.mktemp("stories")
    process = midwatch("simulate", "--story", "replica-lost", "--to", str(home), "--json")
    healthy = story("healthy")
    healthy.write(home / "healthy")
    strip_optional(healthy).write(home / "stripped")
    out, _ = finished(process)
    assert json.loads(out)["bundles"] == ["replica-lost"]
    return home


@pytest.fixture(scope="session")
def twice(stories: Path) -> tuple[bytes, bytes]:
    """stdout of two processes with different hash seeds on the demo's bundle."""
    processes = [midwatch("triage", "--json", str(stories / "replica-lost"), seed=seed) for seed in ("1", "4242")]
    (first, _), (second, _) = [finished(process) for process in processes]
    return first, second


@pytest.fixture
def thin(stories: Path, tmp_path: Path) -> Path:
    """A healthy night's bundle without its telemetry: what a test breaks in it is all there is."""
    ignored = shutil.ignore_patterns(TRUTH, "traces", "metrics")
    return Path(shutil.copytree(stories / "healthy", tmp_path / "bundle", ignore=ignored))


def valid(text: str | bytes) -> dict[str, Any]:
    """The report, after what the contract says of it: the schema, and the two sums."""
    report: dict[str, Any] = json.loads(text)
    jsonschema.Draft202012Validator(SCHEMA).validate(report)
    assert sum(one["confidence"] for one in report["ranked"]) <= 1.0
    confidences = [one["confidence"] for one in report["ranked"]]
    assert confidences == sorted(confidences, reverse=True)
    ids = [finding["id"] for finding in report["findings"]]
    assert ids == [f"F{number}" for number in range(1, len(ids) + 1)]
    cited = {row["why"].partition(":")[0] for row in report["ruled_out"] if "cause" in row}
    assert cited <= set(ids)
    return report


def triaged(run: Callable[..., Ran], bundle: Path) -> dict[str, Any]:
    code, out, err = run("triage", "--json", str(bundle))
    assert (code, err) == (0, "")
    return valid(out)


def refused(run: Callable[..., Ran], bundle: Path) -> str:
    """Exit 2, nothing on stdout, one line on stderr: that line."""
    code, out, err = run("triage", "--json", str(bundle))
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert "Traceback" not in err
    return err.removeprefix("midwatch: ").rstrip("\n")


def missing(report: dict[str, Any]) -> set[str]:
    return {field for row in report["not_checked"] for field in row["missing"]}


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def test_the_schema_is_a_schema_and_refuses_what_is_no_report() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({"schema": "midwatch.report/1", "verdict": "perhaps"}, SCHEMA)


def test_two_processes_with_different_hash_seeds_print_the_same_bytes(twice: tuple[bytes, bytes]) -> None:
    assert twice[0] == twice[1]


def test_the_demos_bundle_is_diagnosed_as_it_happened(twice: tuple[bytes, bytes], stories: Path) -> None:
    report, truth = valid(twice[0]), yaml.safe_load((stories / "replica-lost" / TRUTH).read_text())
    assert (report["verdict"], report["layer"], report["cause"]) == ("fault", truth["layer"], *truth["causes"])
    assert report["slice"]["where"] == truth["slice"]
    onset, true = (datetime.fromisoformat(at).timestamp() for at in (report["onset"]["at"], truth["onset"]))
    assert abs(onset - true) <= 5 * MINUTE
    assert report["runbooks"][0]["id"] == "retrieval.timeout"
    assert report["next"]


def test_innocent_changes_are_no_suspects_and_are_ruled_out(twice: tuple[bytes, bytes]) -> None:
    report = valid(twice[0])
    assert {change["object"] for change in report["changes"]} == {"spring-sale-banner", "storefront"}
    assert not any(change["suspect"] for change in report["changes"])
    assert {row["change"] for row in report["ruled_out"] if "change" in row} == {"flag spring-sale-banner", "app storefront"}


def test_times_of_the_chart_rise_to_the_page(twice: tuple[bytes, bytes]) -> None:
    times = [point["at"] for point in valid(twice[0])["chart"]]
    assert times == sorted(set(times))
    assert times[-1] < "2026-03-02T02:07:00Z"


def test_a_healthy_night_is_no_fault(run: Callable[..., Ran], stories: Path) -> None:
    report = triaged(run, stories / "healthy")
    assert (report["verdict"], report["layer"], report["cause"]) == ("no_fault", None, "none.noise_or_seasonal")
    assert report["faults"] == []


def test_the_same_night_without_optional_attributes_names_what_is_missing(run: Callable[..., Ran], stories: Path) -> None:
    report = triaged(run, stories / "stripped")
    assert report["verdict"] == "insufficient_data"
    assert {"llm.prompt.version", "llm.finish", "retrieval.indexed_at", "retrieval.n_returned"} <= missing(report)
    (named,) = [reason for reason in report["reasons"] if reason.startswith("not recorded: ")]
    assert set(named.removeprefix("not recorded: ").split(", ")) <= missing(report)


def test_an_empty_traces_folder_is_not_a_missing_one(run: Callable[..., Ran], thin: Path) -> None:
    absent = triaged(run, thin)
    (thin / "traces").mkdir()
    empty = triaged(run, thin)
    (thin / "traces" / "spans.jsonl").write_bytes(b"")
    of_an_empty_file = triaged(run, thin)
    assert absent["verdict"] == empty["verdict"] == of_an_empty_file["verdict"] == "insufficient_data"
    assert "traces were not collected" in absent["reasons"]
    assert "traces were collected, and there is none in the day before the page" in empty["reasons"]
    assert empty["reasons"] == of_an_empty_file["reasons"]


@pytest.mark.parametrize(
    ("file", "broken", "said"),
    [
        ("page.json", None, "page.json: missing"),
        ("page.json", '{"alerts": [}', "page.json:1:13: not JSON"),
        ("bundle.yaml", None, "bundle.yaml: missing"),
        ("bundle.yaml", "source: alertmanager\nreceived_at: [2026\n", "bundle.yaml:3: not YAML"),
        ("bundle.yaml", "source: nagios\nreceived_at: 2026-03-02T02:07:00Z\n", "bundle.yaml: source: unknown page format 'nagios'"),
        ("bundle.yaml", "source: alertmanager\n", "bundle.yaml: received_at: must be a time such as 2026-03-02T02:07:00Z"),
        ("bundle.yaml", "source: generic\nreceived_at: 2026-03-02T02:07:00Z\nsevice: a\n", "bundle.yaml: sevice: unknown key"),
        ("changes.jsonl", '{"specversion": "1.0"\n', "changes.jsonl:1: not JSON"),
        ("probes.jsonl", "\n[]\n", "probes.jsonl:2: is not an object"),
        ("metrics/dump.txt", "http_requests_total 1 2\nhttp_requests_total\n", "metrics/dump.txt:2: not an OpenMetrics sample"),
        ("traces/spans.jsonl", '{"resourceSpans": []}\n{"resourceSpans": [\n', "traces/spans.jsonl:2: not JSON"),
        ("traces/spans.jsonl.gz", "no gzip", "traces/spans.jsonl.gz: "),
        ("traces", "a file", "traces: must be a folder"),
    ],
)
def test_a_bundle_that_cannot_be_read_is_one_line_naming_file_and_place(
    run: Callable[..., Ran], thin: Path, file: str, broken: str | None, said: str
) -> None:
    path = thin / file
    if broken is None:
        path.unlink()
    else:
        path.parent.mkdir(exist_ok=True)
        path.write_text(broken)
    assert said in refused(run, thin)


def test_no_bundle_at_all_is_one_line(run: Callable[..., Ran], tmp_path: Path) -> None:
    assert "no such folder" in refused(run, tmp_path / "nowhere")


def test_spans_without_ids_are_counted_and_not_taken_for_silence(run: Callable[..., Ran], thin: Path) -> None:
    span = {"name": "x", "startTimeUnixNano": "1772417000000000000", "endTimeUnixNano": "1772417001000000000"}
    line = {"resourceSpans": [{"resource": {}, "scopeSpans": [{"scope": {}, "spans": [span] * 50}]}]}
    (thin / "traces").mkdir()
    (thin / "traces" / "spans.jsonl").write_text(json.dumps(line) + "\n")
    report = triaged(run, thin)
    assert report["verdict"] == "insufficient_data"
    assert report["gaps"] == ["50 spans could not be used: no trace id"]


@pytest.fixture
def whole(stories: Path, tmp_path: Path) -> Path:
    """The healthy night with its telemetry, to be changed; the big files are links."""
    return Path(shutil.copytree(stories / "healthy", tmp_path / "whole", copy_function=_linked))


def _linked(source: str, target: str) -> None:
    os.link(source, target) if source.endswith(".gz") else shutil.copy(source, target)


def test_a_clock_a_year_off_is_said(run: Callable[..., Ran], whole: Path) -> None:
    edit(whole / "bundle.yaml", "2026-03-02T02:07", "2027-03-02T02:07")
    report = triaged(run, whole)
    assert report["verdict"] == "insufficient_data"
    assert "traces were collected, and there is none in the day before the page" in report["reasons"]


def test_an_unknown_service_is_not_called_healthy_for_what_others_send(run: Callable[..., Ran], whole: Path) -> None:
    edit(whole / "bundle.yaml", "service: assistant", "service: nobody")
    report = triaged(run, whole)
    assert report["verdict"] == "insufficient_data"
    (gap,) = report["gaps"]
    assert gap.startswith("no trace of service nobody; there are ")


def test_the_demo_ends_with_the_card_where_nobody_is_at_the_terminal() -> None:
    out, err = finished(midwatch("demo"))
    said = " ".join(out.decode().split())
    for expected in ("Most likely Retrieval: timeout", "source_id = kb-search", "First action", "Ruled out", "spring-sale-banner"):
        assert expected in said
    assert "No action was taken" in said.replace("│", "").replace("  ", " ")
    assert "Traceback" not in err
