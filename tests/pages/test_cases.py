"""Every page source on its case file: cases/<source>.yaml, real-shaped bodies -> expected pages, keys and errors."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot import pages
from bot.errors import BadInput
from bot.model.page import Page

CASES = Path(__file__).parent / "cases"
FILES = {path.stem: yaml.safe_load(path.read_text(encoding="utf-8")) for path in sorted(CASES.glob("*.yaml"))}
NEVER_RESOLVED: set[str] = set()  # sources whose system sends no end; none so far


def body(case: dict[str, Any]) -> bytes:
    return case["text"].encode() if "text" in case else json.dumps(case["body"]).encode()


def parsed(source: str, case: dict[str, Any]) -> tuple[Page, ...]:
    return pages.parse(source, body(case), case.get("headers", {}), place="page.json")


def all_cases() -> list[Any]:
    return [pytest.param(source, name, id=f"{source}-{name}") for source, cases in FILES.items() for name in cases]


@pytest.mark.parametrize(("source", "name"), all_cases())
def test_case(source: str, name: str) -> None:
    case = FILES[source][name]
    if "error" in case:
        with pytest.raises(BadInput) as caught:
            parsed(source, case)
        assert case["error"] in str(caught.value)
        assert "\n" not in str(caught.value)
        return
    found = parsed(source, case)
    expected = case["pages"] if "pages" in case else [case["page"]]
    assert len(found) == len(expected)
    for page, fields in zip(found, expected, strict=True):
        told = page.model_dump(mode="json")
        assert told["source"] == source
        for field, value in fields.items():
            if field == "dedup_key" and value.endswith(":"):
                assert told[field].startswith(value)
            else:
                assert told[field] == value, field
    if "same_key_as" in case:
        assert found[0].dedup_key == parsed(source, FILES[source][case["same_key_as"]])[0].dedup_key
    if "other_key_than" in case:
        assert found[0].dedup_key != parsed(source, FILES[source][case["other_key_than"]])[0].dedup_key
    if "delivery_id" in case:
        assert pages.delivery_id(source, body(case), case.get("headers", {})) == case["delivery_id"]


def test_every_source_has_cases_and_every_case_file_a_source() -> None:
    assert set(FILES) == set(pages.sources())


@pytest.mark.parametrize("source", sorted(FILES))
def test_a_source_shows_what_fires_what_ends_under_one_key_and_what_it_refuses(source: str) -> None:
    cases = FILES[source].values()
    told = [page for case in cases if "error" not in case for page in parsed(source, case)]
    assert any(page.status == "firing" for page in told)
    assert any(page.status == "resolved" for page in told)
    assert any("same_key_as" in case for case in cases)
    assert any("error" in case for case in cases)
