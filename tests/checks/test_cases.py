"""One driver for all case files: `tests/checks/cases/<layer>/<cause>.yaml` is about the check of that place.

After the cases of a check come its mutants: a limit, a guard and a need of it changed, some of each must turn a case red.
The evidence of a case is made once for both; pytest keeps the tests of one check together, so that only one check's is held.
"""

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
import pytest_asyncio
import yaml

from bot.backends.spans_duckdb import DuckSpans, spans_duckdb
from bot.checks import load
from bot.engine.check import Check
from tests.checks.expected import ends_as_it_says
from tests.mutations.trial import CASES, Laid, attempt, cases_of, slugs

BY_SLUG = {check.slug: check for check in load()}


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "told" in metafunc.fixturenames:
        named = [(slug, told) for slug in slugs() for told in cases_of(slug)]
        metafunc.parametrize(("laid", "told"), named, ids=[f"{slug}-{told}" for slug, told in named], indirect=["laid"], scope="module")
    elif "laid" in metafunc.fixturenames:
        metafunc.parametrize("laid", slugs(), indirect=True, scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def spans() -> AsyncIterator[DuckSpans]:
    async with spans_duckdb(None) as store:
        yield store


@pytest.fixture(scope="module")
def laid(request: pytest.FixtureRequest, spans: DuckSpans) -> Laid:
    return Laid(request.param, spans)


@pytest.mark.asyncio(loop_scope="module")
async def test_a_case_ends_as_it_says(laid: Laid, told: str) -> None:
    case, evidence = await laid.case(told)
    ends_as_it_says(BY_SLUG[laid.slug].examine(evidence), case)


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.timeout(300)
async def test_a_limit_a_guard_and_a_need_are_held_by_cases(laid: Laid, record_property: Callable[[str, object], None]) -> None:
    trial = attempt(laid.slug, await laid.examples())
    for kind, tried in trial.tried.items():
        record_property(kind, (trial.killed(kind), tried))
    assert trial.unheld == ()


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
