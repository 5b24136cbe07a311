"""Spans lose secrets and personal data before they are stored; ids, models and everything else stay, and tenants stay apart."""

import asyncio
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.backends.spans_redacted import RedactedIntake, own_key, redacted
from bot.redact import redact
from bot.telemetry.canonical import SCHEMA
from tests.test_redact import IDS, MODELS, PLANTED
from tests.web.doors import MemorySpans

KEY = b"k"


def table(rows: int = 1, **columns: list[object]) -> pa.Table:
    return pa.table({field.name: pa.array(columns.get(field.name, [None] * rows), field.type) for field in SCHEMA}, schema=SCHEMA)


@pytest.mark.parametrize("name", PLANTED)
def test_every_planted_secret_is_found_without_looking_at_every_text(name: str) -> None:
    """The regular expression that chooses what is looked at must not be narrower than the rules themselves."""
    secret = f"https://hooks.slack.com/services/T{PLANTED[name]}" if name == "slack hook" else PLANTED[name]
    for text in (secret, f"failed for {secret} after 3 tries", f'"{secret}"'):
        for column in ("error_raw", "tenant", "name", "outcome_reason"):
            assert PLANTED[name] not in str(redacted(table(**{column: [text]}), KEY)[column].to_pylist())
        assert PLANTED[name] not in str(redacted(table(extra=[[("a.note", text)]]), KEY)["extra"].to_pylist())


@settings(max_examples=150, deadline=None)
@given(
    st.lists(
        st.one_of(st.text(max_size=60), st.sampled_from([*PLANTED.values(), "password=hunter2", "Bearer abcdef-0123456789_xyz"])),
        min_size=1,
        max_size=4,
    )
)
def test_a_column_is_redacted_exactly_as_its_texts_are(texts: list[str]) -> None:
    sound = [text.encode("utf-8", "replace").decode() for text in texts]
    assert redacted(table(len(sound), error_raw=list(sound)), KEY)["error_raw"].to_pylist() == [redact(text) for text in sound]


@settings(max_examples=120, deadline=None)
@given(IDS, MODELS)
def test_ids_hashes_and_models_stay(identifier: str, model: str) -> None:
    spans = table(
        trace_id=[identifier],
        response_id=["chatcmpl-9nYQ8c1x2yZabCdEfGhIjKlMnOpQr"],
        output_hash=[identifier],
        model_served=[model],
        extra=[[("trace.ref", identifier), ("model", model)]],
        flags=[[("new-ranker", "on")]],
    )
    assert redacted(spans, KEY).equals(spans)


def test_tenants_who_are_people_stay_apart_under_pseudonyms() -> None:
    spans = redacted(table(3, tenant=["jane@example.com", "bob@example.com", "jane@example.com"]), KEY)
    first, second, third = spans["tenant"].to_pylist()
    assert first == third != second
    assert first.startswith("pseudonym-")
    assert redacted(spans, KEY).equals(spans)
    assert redacted(table(tenant=["jane@example.com"]), b"another")["tenant"].to_pylist() != [first]


def test_an_attribute_with_a_secrets_name_goes_whatever_it_is() -> None:
    spans = table(3, extra=[[("http.request.header.x-api-key", "1234"), ("a", "b"), ("db.password", "")], None, []])
    assert redacted(spans, KEY)["extra"].to_pylist() == [
        [("http.request.header.x-api-key", "[redacted secret]"), ("a", "b"), ("db.password", "")],
        None,
        [],
    ]


def test_several_batches_and_a_part_of_a_table() -> None:
    one = table(2, error_raw=["mail jane@example.com", "fine"], extra=[[("a", "jane@example.com")], [("a", "b")]])
    both = pa.concat_tables([one, one.slice(1)])
    clean = redacted(both, KEY)
    assert clean["error_raw"].to_pylist() == ["mail [redacted email]", "fine", "fine"]
    assert clean["extra"].to_pylist() == [[("a", "[redacted email]")], [("a", "b")], [("a", "b")]]


def test_the_key_is_made_once_and_kept_to_its_owner(tmp_path: Path) -> None:
    assert own_key(tmp_path / "home") == own_key(tmp_path / "home") != own_key(tmp_path / "other")
    assert (tmp_path / "home" / "pseudonym-key").stat().st_mode & 0o077 == 0


def test_what_is_stored_is_the_clean_table() -> None:
    inner = MemorySpans()
    assert asyncio.run(RedactedIntake(inner, KEY).add(table(2))) == 2
    assert inner.taken == 2
