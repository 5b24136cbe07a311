"""Alembic at start-up: every replica may call it at once, one of them does the work and the others wait for it."""

import asyncio
from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy.ext.asyncio import AsyncEngine

_MIGRATIONS = Path(__file__).parent / "migrations"
_LOCK = 0x6D69_6477_6174  # "midwat": the advisory lock of Midwatch's migrations


async def migrate(engine: AsyncEngine) -> None:
    """Bring the schema to the newest revision, in one transaction."""
    if engine.url.database and engine.dialect.name == "sqlite":
        await asyncio.to_thread(Path(engine.url.database).parent.mkdir, parents=True, exist_ok=True)
    async with engine.begin() as connection:  # BEGIN IMMEDIATE on SQLite: the second replica waits here
        if engine.dialect.name == "postgresql":
            await connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCK)))
        await connection.run_sync(_upgrade)


def newest_revision() -> str:
    """What this version of Midwatch brings a schema to."""
    return ScriptDirectory.from_config(_config()).get_current_head() or ""


def _upgrade(connection: sa.Connection) -> None:
    config = _config()
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    return config
