"""`midwatch trace`: the list for programs, the tree for people, one line for a bad file."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from bot import cli
from tests.telemetry.wire import body, span

Said = tuple[int, str, str]


@pytest.fixture
def said(capsys: pytest.CaptureFixture[str]) -> Callable[..., Said]:
    def run(*argv: str) -> Said:
        code = cli.run(("trace", *argv))
        out = capsys.readouterr()
        return code, out.out, out.err

    return run


@pytest.fixture
def broken(tmp_path: Path) -> str:
    """A request whose retrieval timed out, and the answer that came of it."""
    refused = {"code": 2, "message": "ReadTimeout"}
    root = span({}, spanId="1" * 16, parentSpanId="", name="POST /ask\x1b[31m", seconds=9.0, status=refused)
    search = span({"openinference.span.kind": "RETRIEVER"}, spanId="2" * 16, parentSpanId="1" * 16, name="kb", start=1.0, status=refused)
    file = tmp_path / "trace.json"
    file.write_bytes(body(root, search))
    return str(file)


def test_a_program_gets_a_list(said: Callable[..., Said], broken: str) -> None:
    code, out, err = said(broken, "--json")
    assert (code, err) == (0, "")
    (one,) = json.loads(out)
    assert list(one) == ["span_id", "layer", "kind", "claim", "evidence"]
    assert (one["span_id"], one["layer"], one["kind"]) == ("2" * 16, "retrieval", "escaped_error")
    assert said(broken, "--json")[1] == out


def test_a_person_gets_a_tree_with_the_span_marked(said: Callable[..., Said], broken: str) -> None:
    code, out, _ = said(broken)
    assert code == 0
    assert "◀ 1" in next(line for line in out.splitlines() if "kb" in line)
    assert "POST /ask [31m" in out
    assert "ReadTimeout" in out


def test_a_trace_with_nothing_wrong(said: Callable[..., Said], tmp_path: Path) -> None:
    file = tmp_path / "fine.json"
    file.write_bytes(body(span({"openinference.span.kind": "LLM"})))
    assert said(str(file), "--json")[:2] == (0, "[]\n")
    assert "nothing" not in said(str(file))[1]
    assert "1 spans" in said(str(file))[1]


def test_several_traces_are_said_to_be_there(said: Callable[..., Said], tmp_path: Path) -> None:
    file = tmp_path / "two.json"
    file.write_bytes(body(span({}), span({}, traceId="9" * 32)))
    code, out, err = said(str(file), "--json")
    assert (code, out) == (0, "[]\n")
    assert "1 further traces" in err
    assert said(str(file), "--trace-id", "9" * 32)[0] == 0


@pytest.mark.parametrize("written", [b"", b"{", b"[3]", b'{"spans": [{}]}', b"\x1f\x8b\x08", b"\xff\xfe"])
def test_a_bad_file_is_one_line_with_its_name(said: Callable[..., Said], tmp_path: Path, written: bytes) -> None:
    file = tmp_path / "bad.json"
    file.write_bytes(written)
    code, out, err = said(str(file), "--json")
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert "bad.json" in err


def test_no_file_a_folder_and_a_wrong_number(said: Callable[..., Said], tmp_path: Path, broken: str) -> None:
    for argv in ([str(tmp_path / "none")], [str(tmp_path)], [broken, "--most", "0"], [broken, "--trace-id", "zz"]):
        code, _, err = said(*argv)
        assert (code, err.count("\n")) == (2, 1)
