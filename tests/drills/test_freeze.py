"""A real incident as a drill: nobody's name and no secret is left in it, and it is the same incident."""

import gzip
import json
from pathlib import Path

import pytest
import yaml

from bot.drills.freeze import freeze
from bot.errors import BadInput
from bot.evaluation.truth import read_truth

TRUTH = {
    "verdict": "fault",
    "causes": ["tool.error"],
    "accept": [["tool.error"]],
    "slice": {"tenant": "acme-3"},
    "onset": "2026-03-01T22:04:00Z",
}


def attribute(key: str, value: str) -> dict[str, object]:
    return {"key": key, "value": {"stringValue": value}}


def bundle(home: Path) -> Path:
    span = {
        "traceId": "0af7651916cd43dd8448eb211c80319c",
        "spanId": "b7ad6b7169203331",
        "name": "tool get_orders",
        "attributes": [
            attribute("app.tenant", "acme-3"),
            attribute("user.id", "u-4711"),
            attribute("gen_ai.tool.name", "get_orders"),
            attribute("error.message", "token=sk-live-4f9aK2mQ8rT1xY7z for jane.doe@example.com of acme-3"),
        ],
    }
    folder = home / "incident"
    (folder / "traces").mkdir(parents=True)
    otlp = {"resourceSpans": [{"resource": {"attributes": []}, "scopeSpans": [{"spans": [span]}]}]}
    (folder / "traces" / "a.jsonl.gz").write_bytes(gzip.compress(json.dumps(otlp).encode()))
    (folder / "bundle.yaml").write_text("source: generic\nreceived_at: 2026-03-02T02:07:00Z\nservice: assistant\n")
    (folder / "page.json").write_text(json.dumps({"title": "tool errors for acme-3", "link": "https://x/?u=jane.doe@example.com"}))
    change = {
        "id": "c1",
        "type": "dev.midwatch.change.flag",
        "data": {"object": "banner", "author": "kim", "scope": {"service": "assistant"}},
    }
    (folder / "changes.jsonl").write_text(json.dumps(change) + "\n")
    (folder / "truth.yaml").write_text("verdict: no_fault\n")
    return folder


def contents(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def everything(folder: Path) -> str:
    files = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    return "\n".join((gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()).decode() for path in files)


def test_customers_people_and_secrets_are_gone_and_the_rest_is_as_it_was(tmp_path: Path) -> None:
    made = freeze(bundle(tmp_path), tmp_path / "drills", "autumn-01", TRUTH)
    told = everything(made)
    for gone in ("acme-3", "u-4711", "jane.doe", "sk-live", "kim", "no_fault"):
        assert gone not in told, gone
    for kept in ("0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331", "get_orders", "2026-03-02", "banner", "assistant"):
        assert kept in told, kept


def test_one_customer_has_one_name_in_every_file(tmp_path: Path) -> None:
    made = freeze(bundle(tmp_path), tmp_path / "drills", "autumn-01", TRUTH)
    truth = read_truth(made / "truth.yaml")
    assert truth.slice is not None
    name = truth.slice["tenant"]
    assert name.startswith("someone-")
    assert name in json.loads((made / "page.json").read_text())["title"]
    assert everything(made).count(name) == 4  # span, message, page, truth


def test_the_same_incident_freezes_to_the_same_bytes_and_another_drill_has_other_names(tmp_path: Path) -> None:
    source = bundle(tmp_path)
    one, two = (freeze(source, tmp_path / side, "autumn-01", TRUTH) for side in ("a", "b"))
    assert contents(one) == contents(two)
    other = freeze(source, tmp_path / "a", "autumn-02", TRUTH)
    assert yaml.safe_load((other / "truth.yaml").read_text())["slice"] != yaml.safe_load((one / "truth.yaml").read_text())["slice"]


@pytest.mark.parametrize("name", ["../out", "A b", "", "x/y"])
def test_a_name_is_never_a_path(tmp_path: Path, name: str) -> None:
    with pytest.raises(BadInput, match="small letters"):
        freeze(bundle(tmp_path), tmp_path / "drills", name, TRUTH)


def test_nothing_is_left_behind_by_what_cannot_be_frozen(tmp_path: Path) -> None:
    source = bundle(tmp_path)
    (source / "changes.jsonl").write_text("{")
    with pytest.raises(BadInput, match=r"changes\.jsonl"):
        freeze(source, tmp_path / "drills", "autumn-01", TRUTH)
    assert not (tmp_path / "drills" / "autumn-01").exists()
    with pytest.raises(BadInput, match="is not a bundle"):
        freeze(tmp_path / "drills", tmp_path / "drills", "autumn-01", TRUTH)


def test_a_name_that_is_taken_is_not_overwritten(tmp_path: Path) -> None:
    source = bundle(tmp_path)
    freeze(source, tmp_path / "drills", "autumn-01", TRUTH)
    with pytest.raises(BadInput, match="there already"):
        freeze(source, tmp_path / "drills", "autumn-01", TRUTH)
