"""OpenMetrics text in."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from bot.errors import BadInput
from bot.telemetry.openmetrics import read_files, read_text

TEXT = """# HELP up Whether
# TYPE http_requests counter
http_requests_total{service="a",code="200"} 5 1772416020.000
http_requests_total{service="a",code="200"} 9 1772416080
http_requests_total{code="200", service="a"} 12 1772416140
http_requests_total{service="a",code="500"} 1 1772416020 # {trace_id="x"} 1 1772416020
up 1 1772416020000
latency_bucket{le="+Inf",path="/a\\"b{c}\\n"} +Inf 1772416020
# EOF
"""


def test_series_are_sorted_and_labels_in_any_order_are_one_series() -> None:
    found = read_text(TEXT)
    assert [(one.name, dict(one.labels)) for one in found] == [
        ("http_requests_total", {"code": "200", "service": "a"}),
        ("http_requests_total", {"code": "500", "service": "a"}),
        ("latency_bucket", {"le": "+Inf", "path": '/a"b{c}\n'}),
        ("up", {}),
    ]
    assert found[0].ts.tolist() == [1772416020.0, 1772416080.0, 1772416140.0]
    assert found[0].values.tolist() == [5.0, 9.0, 12.0]


def test_milliseconds_are_recognised() -> None:
    assert read_text(TEXT)[3].ts.tolist() == [1772416020.0]


def test_samples_are_sorted_by_time_and_the_last_of_equals_counts() -> None:
    (one,) = read_text("a 3 30\na 1 10\na 2 30\n")
    assert (one.ts.tolist(), one.values.tolist()) == ([10.0, 30.0], [1.0, 2.0])


def test_no_samples() -> None:
    assert read_text("# EOF\n") == ()


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("a 1", "has no timestamp"),
        ("a", "not an OpenMetrics sample"),
        ("a{b=c} 1 2", "labels cannot be read"),
        ('a{b="c" 1 2', "not an OpenMetrics sample"),
        ("a one 2", "needs a value and a timestamp"),
        ("7a 1 2", "not an OpenMetrics sample"),
        ('{"resourceSpans": []}', "not an OpenMetrics sample"),
    ],
)
def test_a_bad_line_is_named(tmp_path: Path, line: str, said: str) -> None:
    (tmp_path / "m.txt.gz").write_bytes(gzip.compress(f"ok 1 2\n{line}\n".encode()))
    with pytest.raises(BadInput) as caught:
        read_files([tmp_path / "m.txt.gz"])
    assert str(caught.value).startswith("m.txt.gz:2: ")
    assert said in str(caught.value)
