"""Tests on the public evaluation data. Where the data is not there they are deselected, and the run says so."""

import os
from pathlib import Path

import pytest

HERE = Path(__file__).parent
USUAL = HERE.parents[1].parent / "shared" / "data"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--data", metavar="DIR", help="the public evaluation data; else MIDWATCH_DATA, else {USUAL.relative_to(HERE.parents[2])}"
    )


def folder(config: pytest.Config) -> Path:
    """`--data` is only known to pytest when tests/public is named on its command line."""
    return Path(config.getoption("--data", default=None) or os.environ.get("MIDWATCH_DATA") or USUAL)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if folder(config).is_dir():
        return
    here = [item for item in items if item.path.is_relative_to(HERE)]
    if here:
        items[:] = [item for item in items if item not in here]
        config.hook.pytest_deselected(items=here)
        reporter = config.pluginmanager.get_plugin("terminalreporter")
        if reporter is not None:
            reporter.write_line(
                f"{len(here)} tests on public data deselected: no folder {folder(config)}; name it with --data or MIDWATCH_DATA"
            )


@pytest.fixture(scope="session")
def data(pytestconfig: pytest.Config) -> Path:
    return folder(pytestconfig)
