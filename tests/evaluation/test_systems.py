"""The systems beside Midwatch: the ladder's rules one by one, and the constants."""

import numpy as np
import pytest

from bot.evaluation.floors import constants
from bot.evaluation.ladder import ladder
from bot.model.change import Change, ChangeKind
from bot.model.frame import Codes, Frame
from bot.model.report import Verdict
from bot.model.value import moment
from tests.evaluation.made import BREAK, LIMITED, TIMEOUT, calm, fault, row, silent

NOW, HOUR = 100_000.0, 3600.0
DEPLOY = Change(id="d", time=moment(NOW - HOUR), kind=ChangeKind.PROMPT, object="chat")


def requests(now: int = 100, before: int = 400, **recent: float) -> Frame:
    """Requests over five hours; `recent` are columns whose value in the last hour is given (1.0 before, flags 0.0)."""
    ts = np.concatenate([np.linspace(NOW - 5 * HOUR, NOW - HOUR - 1, before), np.linspace(NOW - HOUR, NOW - 1, now)])
    late = ts >= NOW - HOUR
    columns = {}
    for name, value in recent.items():
        share = np.arange(len(ts)) % 100 < value * 100 if 0 < value < 1 else np.ones(len(ts), dtype=bool)
        usual = 0.0 if 0 < value < 1 else 1.0
        columns[name] = np.where(late & share, 1.0 if 0 < value < 1 else value, usual)
    return Frame(len(ts), {"ts": ts, **columns}, {})


def ops(n: int, bad: int, error_class: str = "") -> Frame:
    status = Codes(("error", "ok"), np.array([0] * bad + [1] * (n - bad)))
    classes = {"error_class": Codes((error_class,), np.array([0] * bad + [-1] * (n - bad)))} if error_class else {}
    return Frame(n, {"ts": np.full(n, NOW - 60.0)}, {"status": status, **classes})


@pytest.mark.parametrize(
    ("kind", "frame", "cause"),
    [
        ("llm", ops(100, 6, "rate_limit"), "model.rate_limited"),
        ("llm", ops(100, 6, "auth"), "model.access_denied"),
        ("llm", ops(100, 6, "server_error"), "model.provider_incident"),
        ("llm", ops(100, 6), "model.provider_incident"),
        ("retrieval", ops(100, 6, "timeout"), "retrieval.timeout"),
        ("retrieval", ops(100, 6, "connection"), "retrieval.error"),
        ("tool", ops(100, 6, "timeout"), "tool.timeout"),
        ("tool", ops(100, 6), "tool.error"),
        ("tool", ops(100, 5), "none.noise_or_seasonal"),
        ("tool", ops(19, 10), "none.noise_or_seasonal"),
    ],
)
def test_failing_operations_come_first(kind: str, frame: Frame, cause: str) -> None:
    found = ladder(requests(), {kind: frame}, None, NOW)
    assert found.cause == cause
    assert found.confidence is None
    assert found.verdict is (Verdict.NO_FAULT if cause.startswith("none.") else Verdict.FAULT)


@pytest.mark.parametrize(
    ("frame", "shipped", "cause"),
    [
        (requests(parse_failed=0.07), False, "prompt.contract_break"),
        (requests(failed=0.07), True, "prompt.contract_break"),
        (requests(failed=0.07), False, "model.provider_incident"),
        (requests(guardrail_blocked=0.07), False, "infra.guardrail_overblock"),
        (requests(refusal=0.12), False, "model.refusal_shift"),
        (requests(user_ttft_ms=6_000.0), False, "model.ttft_regression"),
        (requests(duration_ms=16_000.0), False, "model.decode_slowdown"),
        (requests(cost_usd=1.6), False, "cost.context_growth"),
        (requests(cost_usd=1.6), True, "prompt.bloat"),
        (requests(now=250), False, "infra.traffic_surge"),
        (requests(), True, "prompt.contract_break"),
        (requests(), False, "none.noise_or_seasonal"),
    ],
)
def test_then_what_requests_show_and_last_whoever_shipped(frame: Frame, shipped: bool, cause: str) -> None:
    assert ladder(frame, {}, (DEPLOY,) if shipped else (), NOW).cause == cause


def test_without_traces_only_the_change_log_is_left() -> None:
    assert ladder(None, {}, None, NOW).verdict is Verdict.NO_FAULT
    assert ladder(None, {}, (DEPLOY,), NOW).cause == "prompt.contract_break"


def test_the_constants_are_the_best_there_are() -> None:
    rows = [row(fault(cause), silent()) for cause in (LIMITED, LIMITED, TIMEOUT, "model.access_denied", BREAK)] + [row(calm(), silent())]
    found = constants(rows)
    assert found["constant cause"].cause == LIMITED
    assert found["constant layer"].layer == "model"
    assert found["constant layer"].cause is None
    assert constants([row(calm(), silent())])["constant cause"].verdict is Verdict.NO_FAULT
