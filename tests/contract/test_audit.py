"""The audit log on SQLite always, on PostgreSQL under the marker `real`: append-only, chained, forgotten from its old end."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import create_async_engine

from bot.backends.records import Records, records
from bot.model.audit import AuditEntry, Result
from bot.model.value import moment
from tests.contract.test_records import T0, _fresh_database, postgres_url

__all__ = ["postgres_url"]


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.real)])
async def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite+aiosqlite:///{tmp_path / 'midwatch.db'}"
    return await _fresh_database(request.getfixturevalue("postgres_url"))


@pytest.fixture
async def kept(url: str) -> AsyncIterator[Records]:
    async with records(url) as opened:
        yield opened


def entry(at: float, name: str = "x", **told: Any) -> AuditEntry:
    said = {"actor": "slack:U1", "action": "incident.acknowledged", "object": name, "result": Result.DONE, **told}
    return AuditEntry(at=moment(at), **said)


async def all_of(kept: Records, since: float = 0.0, until: float = 1e12) -> list[dict[str, Any]]:
    return [row async for row in kept.audit.lines(since, until)]


@asynccontextmanager
async def by_hand(url: str) -> AsyncIterator[Any]:
    """Somebody with the database's password."""
    engine = create_async_engine(url)
    try:
        async with engine.begin() as connection:
            yield connection
    finally:
        await engine.dispose()


async def test_lines_are_kept_in_order_and_each_holds_the_digest_before(kept: Records) -> None:
    for number in range(3):
        await kept.audit.note(entry(T0 + number, f"o{number}", detail="é\x00"))
    rows = await all_of(kept)
    assert [row["object"] for row in rows] == ["o0", "o1", "o2"]
    assert [row["before"] for row in rows] == ["", rows[0]["digest"], rows[1]["digest"]]
    assert [row["object"] for row in await all_of(kept, T0 + 1, T0 + 2)] == ["o1"]
    assert await kept.audit.broken_at() is None


async def test_lines_written_at_once_make_one_chain(kept: Records) -> None:
    await asyncio.gather(*(kept.audit.note(entry(T0, f"o{number}")) for number in range(20)))
    assert len(await all_of(kept)) == 20
    assert await kept.audit.broken_at() is None


async def test_no_line_can_be_altered(kept: Records, url: str) -> None:
    await kept.audit.note(entry(T0))
    with pytest.raises(DBAPIError, match="append-only"):
        async with by_hand(url) as connection:
            await connection.execute(sa.text("UPDATE audit SET actor = 'nobody'"))
    assert (await all_of(kept))[0]["actor"] == "slack:U1"


async def test_a_line_taken_out_is_seen(kept: Records, url: str) -> None:
    for number in range(3):
        await kept.audit.note(entry(T0 + number))
    async with by_hand(url) as connection:
        await connection.execute(sa.text("DELETE FROM audit WHERE number = 2"))
    assert await kept.audit.broken_at() == 3


async def test_retention_takes_the_old_end_and_leaves_a_sound_chain(kept: Records) -> None:
    for number in range(4):
        await kept.audit.note(entry(T0 + number))
    assert await kept.audit.forget(T0 + 2) == 2
    assert [row["at"] for row in await all_of(kept)] == [T0 + 2, T0 + 3]
    assert await kept.audit.forget(T0 + 100) == 1  # the last line stays: the next follows it
    await kept.audit.note(entry(T0 + 200))
    assert await kept.audit.broken_at() is None
    assert await kept.audit.forget(0.0) == 0
