"""Every source of changes on its case file: changes/<source>.yaml, bodies as the system sends them -> changes, none, or one clear line."""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.errors import BadInput, NotAllowed
from bot.pages import changes
from bot.pages.reading.altered import prompt_of, reaches_users
from tests.pages.test_hostile import JSON, exchanged, places

CASES = {path.stem: yaml.safe_load(path.read_text(encoding="utf-8")) for path in sorted((Path(__file__).parent / "changes").glob("*.yaml"))}
NOW, SECRET, BODY = 1_772_413_200.0, "new-secret", b'{"title": "x"}'


def told(source: str, case: dict[str, Any]) -> list[dict[str, Any]]:
    found = changes.parse(source, json.dumps(case["body"]).encode(), case.get("headers", {}), place="change.json")
    return [change.model_dump(mode="json", by_alias=True) for change in found]


@pytest.mark.parametrize(("source", "name"), [(source, name) for source, cases in CASES.items() for name in cases])
def test_case(source: str, name: str) -> None:
    case = CASES[source][name]
    if "error" in case:
        with pytest.raises(BadInput) as caught:
            told(source, case)
        assert case["error"] in str(caught.value)
        assert str(caught.value).startswith("change.json")
        return
    found = told(source, case)
    assert len(found) == len(case["changes"])
    for change, fields in zip(found, case["changes"], strict=True):
        assert {field: change[field] for field in fields} == fields
    assert found == told(source, case)


def test_every_source_has_its_cases() -> None:
    assert set(CASES) == set(changes.sources())
    for cases in CASES.values():
        assert any(case.get("changes") for case in cases.values())
        assert any(case.get("changes") == [] for case in cases.values())
        assert any("error" in case for case in cases.values())


@pytest.mark.parametrize("source", CASES)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_a_real_body_with_one_part_exchanged_gives_changes_or_one_clear_line(source: str, data: st.DataObject) -> None:
    case = data.draw(st.sampled_from(list(CASES[source].values())))
    at = data.draw(st.sampled_from(places(case["body"])))
    try:
        told(source, {**case, "body": exchanged(case["body"], at, data.draw(JSON))})
    except BadInput as error:
        assert str(error).startswith("change.json")  # noqa: PT017
        assert "\n" not in str(error)  # noqa: PT017


@pytest.mark.parametrize("source", changes.sources())
@settings(max_examples=60, deadline=None)
@given(raw=st.binary(max_size=200))
def test_any_bytes_at_all(source: str, raw: bytes) -> None:
    for body in (raw, b'{"object_kind": "' + raw + b'"}', b'{"a":' * 3_000 + b"1" + b"}" * 3_000):
        try:
            changes.parse(source, body, {}, place="change.json")
        except BadInput as error:
            assert str(error).startswith("change.json")  # noqa: PT017


def hexed(signed: bytes, secret: str = SECRET) -> str:
    return hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()


def sealed(signed: bytes, secret: str = SECRET) -> str:
    return base64.b64encode(hmac.new(secret.encode(), signed, hashlib.sha256).digest()).decode()


def standard(body: bytes, now: float) -> dict[str, str]:
    return {
        "webhook-id": "m1",
        "webhook-timestamp": f"{now:.0f}",
        "webhook-signature": f"v1,{sealed(f'm1.{now:.0f}.'.encode() + body)}",
    }


SIGNERS: dict[str, Callable[[bytes, float], dict[str, str]]] = {
    "github": lambda body, _now: {"X-Hub-Signature-256": f"sha256={hexed(body)}"},
    "gitlab": standard,
    "launchdarkly": lambda body, _now: {"X-LD-Signature": hexed(body)},
    "openfeature": standard,
    "cdevents": standard,
    "mlflow": lambda body, now: {
        "X-MLflow-Delivery-Id": "d1",
        "X-MLflow-Timestamp": f"{now:.0f}",
        "X-MLflow-Signature": f"v1,{sealed(f'd1.{now:.0f}.'.encode() + body)}",
    },
    "langfuse": lambda body, now: {"x-langfuse-signature": f"t={now:.0f},v1={hexed(f'{now:.0f}.'.encode() + body)}"},
}
TIMED = ("gitlab", "openfeature", "cdevents", "mlflow", "langfuse")


def test_every_source_that_signs_is_tried_here() -> None:
    assert {source for source in changes.sources() if changes.signed(source)} == set(SIGNERS)


@pytest.mark.parametrize("source", SIGNERS)
def test_the_right_secret_opens_and_so_does_any_of_a_rotation(source: str) -> None:
    changes.verify(source, BODY, SIGNERS[source](BODY, NOW), (SECRET,), (), NOW)
    changes.verify(source, BODY, SIGNERS[source](BODY, NOW), ("newer", SECRET), (), NOW)
    with pytest.raises(NotAllowed):
        changes.verify(source, BODY, SIGNERS[source](BODY, NOW), ("newer",), ("tok",), NOW)
    with pytest.raises(NotAllowed):
        changes.verify(source, BODY, {"Authorization": "Bearer tok"}, (SECRET,), ("tok",), NOW)


@pytest.mark.parametrize("source", SIGNERS)
@settings(max_examples=40)
@given(bit=st.integers(0, 8 * len(BODY) - 1))
def test_one_flipped_bit_is_refused(source: str, bit: int) -> None:
    flipped = bytearray(BODY)
    flipped[bit // 8] ^= 1 << bit % 8
    with pytest.raises(NotAllowed):
        changes.verify(source, bytes(flipped), SIGNERS[source](BODY, NOW), (SECRET,), (), NOW)


@pytest.mark.parametrize("source", TIMED)
@pytest.mark.parametrize(("seconds", "allowed"), [(299, True), (-299, True), (301, False), (-301, False)])
def test_a_signed_time_is_accepted_for_five_minutes(source: str, seconds: int, allowed: bool) -> None:
    headers = SIGNERS[source](BODY, NOW)
    if allowed:
        changes.verify(source, BODY, headers, (SECRET,), (), NOW + seconds)
        return
    with pytest.raises(NotAllowed, match="more than 300 s"):
        changes.verify(source, BODY, headers, (SECRET,), (), NOW + seconds)


def test_gitlabs_older_form_carries_the_secret_itself() -> None:
    changes.verify("gitlab", BODY, {"X-Gitlab-Token": SECRET}, (SECRET,), (), NOW)
    for headers in ({"X-Gitlab-Token": "no"}, {}, {"X-Gitlab-Token": SECRET, "webhook-signature": "v1,AAAA"}):
        with pytest.raises(NotAllowed):
            changes.verify("gitlab", BODY, headers, (SECRET,), (), NOW)


def test_argo_cd_sends_a_token() -> None:
    changes.verify("argocd", BODY, {"Authorization": "Bearer tok"}, (), ("tok",), NOW)
    with pytest.raises(NotAllowed):
        changes.verify("argocd", BODY, {}, (), ("tok",), NOW)


@pytest.mark.parametrize(
    ("path", "prompt"),
    [
        ("prompts/answer/v4.txt", ("answer", "v4")),
        ("prompts/answer/2026-03-01.md", ("answer", "2026-03-01")),
        ("src/Prompts/answer.j2", ("answer", None)),
        ("prompts/rag/answer.en.txt", ("answer", None)),
        ("prompts/v4.txt", ("v4", None)),
        ("anywhere/answer.prompt", ("answer", None)),
        ("prompts/build.py", None),
        ("docs/prompts.md", None),
        ("src/answer.txt", None),
        ("", None),
    ],
)  # fmt: skip
def test_which_files_are_prompts(path: str, prompt: tuple[str, str | None] | None) -> None:
    assert prompt_of(path) == prompt


@pytest.mark.parametrize("name", ["production", "prod-eu", "live", "eu-west-1", "", None, "latest", "contest", "devices"])
def test_environments_of_users(name: str | None) -> None:
    assert reaches_users(name)


@pytest.mark.parametrize("name", ["staging", "acme-dev", "QA", "review/x", "preview", "pre-prod", "nonproduction", "test_2"])
def test_environments_for_trying_out(name: str) -> None:
    assert not reaches_users(name)
