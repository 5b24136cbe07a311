"""One driver for all case files: `tests/checks/cases/<layer>/<cause>.yaml` is about the check of that place."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
import yaml

from bot.backends.spans_duckdb import DuckSpans, spans_duckdb
from bot.checks import load
from bot.engine.check import Check
from tests.checks.expected import ends_as_it_says
from tests.checks.traffic import evidence

CASES = Path(__file__).parent / "cases"
BY_SLUG = {check.slug: check for check in load()}


def _cases() -> list[Any]:
    found = []
    for file in sorted(CASES.rglob("*.yaml")):
        slug = f"{file.parent.name}.{file.stem}"
        for name, case in yaml.safe_load(file.read_text()).items():
            found.append(pytest.param(slug, case, id=f"{slug}-{name}"))
    return found


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def spans() -> AsyncIterator[DuckSpans]:
    async with spans_duckdb(None) as store:
        yield store


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize(("slug", "case"), _cases())
async def test_a_case_ends_as_it_says(slug: str, case: dict[str, Any], spans: DuckSpans) -> None:
    found = BY_SLUG[slug].examine(await evidence(case, spans))
    ends_as_it_says(found, case)


HEADINGS = ("## Looks at", "## Why it matters", "## Stays quiet when", "## Told apart from")


@pytest.mark.parametrize("check", load(), ids=lambda check: check.slug)
def test_a_check_has_its_page_its_cases_and_its_runbook(check: Check) -> None:
    places = [check.doc.find(heading) for heading in HEADINGS]
    assert places == sorted(places) and places[0] > 0, "a docstring with the four headings, in order"
    file = CASES / check.layer / f"{check.slug.split('.')[1]}.yaml"
    assert file.exists(), "a case file of the same name"
    outcomes = {case["outcome"] for case in yaml.safe_load(file.read_text()).values()}
    assert outcomes == {"found", "clean", "skipped"}, "a loud, a quiet and a skipped case at least"
    assert (Path("runbooks") / check.layer / f"{check.slug.split('.')[1]}.md").exists(), "a runbook of the same name"
