"""One engine over SQLite or PostgreSQL: short writing transactions, reads that never wait for a writer."""

import asyncio
import contextlib
import hashlib
import sqlite3
import time
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from bot.errors import SourceUnavailable

BUSY_TIMEOUT_MS = 10_000  # another process may hold SQLite's write lock through a migration
POOL = 8  # two cores; more connections than that only wait for each other
STATEMENT_TIMEOUT_S = 15  # a database that needs longer for one of our single-row statements is down

T = TypeVar("T")


class Database:
    """Transactions over the engine; client errors leave as SourceUnavailable."""

    def __init__(self, engine: AsyncEngine, own_thread: "_OwnThread | None" = None) -> None:
        self._engine = engine
        self._own_thread = own_thread  # None: nothing of many statements is written
        self.is_sqlite = engine.dialect.name == "sqlite"
        self._writer = asyncio.Lock() if self.is_sqlite else None

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[AsyncConnection]:
        """One transaction. SQLite has one writer: waiting in line here is fair, its own busy loop is not."""
        async with self._writer or contextlib.nullcontext(), _translated("write"), self._engine.begin() as connection:
            yield connection

    async def write(self, work: Callable[[sa.Connection], T]) -> T:
        """One transaction of many statements, in one thread: in `writing` each statement changes threads (SQLite) or goes through the
        loop (PostgreSQL) several times, and each time waits for its turn while a triage computes."""
        assert self._own_thread is not None, "opened by `database`"
        async with self._writer or contextlib.nullcontext(), _translated("write"):
            return await self._own_thread.write(work)

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncConnection]:
        async with _translated("read"), self._engine.connect() as connection:
            yield await connection.execution_options(midwatch_reads=True)

    async def only_one(self, connection: AsyncConnection, name: str) -> None:
        """As `alone`, within `writing`."""
        await connection.run_sync(self.alone, name)

    def alone(self, connection: sa.Connection, name: str) -> None:
        """Until this transaction ends, nobody else is past the same `name`. SQLite's single writer gives that already."""
        if not self.is_sqlite:
            number = int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big", signed=True)
            connection.execute(sa.select(sa.func.pg_advisory_xact_lock(sa.cast(number, sa.BigInteger))))


class _OwnThread:
    """One connection, used from one thread."""

    def __init__(self, url: str) -> None:
        self._engine = _blocking(url)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="records-write")

    async def write(self, work: Callable[[sa.Connection], T]) -> T:
        """Also when whoever waits for it is cancelled, the transaction ends before the next one begins."""
        writing = asyncio.get_running_loop().run_in_executor(self._thread, self._write, work)
        return await asyncio.shield(writing)

    def _write(self, work: Callable[[sa.Connection], T]) -> T:
        with self._engine.begin() as connection:
            return work(connection)

    def close(self) -> None:
        self._thread.shutdown(wait=True)
        self._engine.dispose()


@asynccontextmanager
async def database(url: str) -> AsyncIterator[Database]:
    """`sqlite+aiosqlite:///file` or `postgresql+asyncpg://...`; the schema is brought up to date first."""
    from bot.backends.records.migrate import migrate

    engine = _engine(url)
    own_thread: _OwnThread | None = None
    try:
        async with _translated("migrate"):
            await migrate(engine)
        own_thread = _OwnThread(url)
        yield Database(engine, own_thread)
    finally:
        if own_thread is not None:
            await asyncio.to_thread(own_thread.close)
        await engine.dispose()


@asynccontextmanager
async def unmigrated(url: str) -> AsyncIterator[Database]:
    """The database as it is, for who only looks."""
    engine = _engine(url)
    try:
        yield Database(engine)
    finally:
        await engine.dispose()


def _engine(url: str) -> AsyncEngine:
    if not url.startswith("sqlite"):
        address, dsn = _for_asyncpg(sa.make_url(url))
        return create_async_engine(
            address,
            pool_size=POOL,
            pool_pre_ping=True,  # a restarted PostgreSQL must not cost a page
            connect_args={"command_timeout": STATEMENT_TIMEOUT_S, "timeout": STATEMENT_TIMEOUT_S, "dsn": dsn},
        )
    engine = create_async_engine(url, pool_size=POOL, connect_args={"timeout": BUSY_TIMEOUT_MS / 1000})
    _prepared(engine.sync_engine)
    return engine


def _for_asyncpg(url: sa.URL) -> tuple[sa.URL, str]:
    """Without and with the parameters of the URL: asyncpg reads `sslmode` and its like as libpq does, but only in a DSN."""
    dsn = url.set(drivername="postgresql").difference_update_query(["connect_timeout"])  # which it would take for the server's
    return url.set(query={}), dsn.render_as_string(hide_password=False)


def _blocking(url: str) -> sa.Engine:
    if url.startswith("sqlite"):
        file = url.replace("+aiosqlite", "", 1)
        return _prepared(sa.create_engine(file, pool_size=1, connect_args={"timeout": BUSY_TIMEOUT_MS / 1000}))
    patience = {
        "connect_timeout": STATEMENT_TIMEOUT_S,
        "options": f"-c statement_timeout={STATEMENT_TIMEOUT_S}s",
        "tcp_user_timeout": STATEMENT_TIMEOUT_S * 1000,  # a server that vanished says nothing
    }
    return sa.create_engine(url.replace("+asyncpg", "+psycopg", 1), pool_size=1, max_overflow=0, pool_pre_ping=True, connect_args=patience)


def _prepared(engine: sa.Engine) -> sa.Engine:
    sa.event.listen(engine, "connect", _prepare_sqlite)
    sa.event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # the driver's own BEGIN comes too late to read before a write; see _begin_sqlite
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}")
    _write_ahead(cursor)
    cursor.execute("PRAGMA synchronous=FULL")  # a page that was acknowledged survives a power cut
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.close()


def _write_ahead(cursor: Any) -> None:
    """Several processes may change the journal of a new file at once; SQLite refuses all but one at once, whatever its busy timeout."""
    until = time.monotonic() + BUSY_TIMEOUT_MS / 1000
    while True:
        try:
            cursor.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError:
            if time.monotonic() > until:
                raise
            time.sleep(0.02)
        else:
            return


def _begin_sqlite(connection: sa.Connection) -> None:
    """A writer takes the lock before its first read, or two could both decide on what they read."""
    reads = connection.get_execution_options().get("midwatch_reads", False)
    connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")


@asynccontextmanager
async def _translated(asked: str) -> AsyncIterator[None]:
    try:
        yield
    except sa.exc.IntegrityError:
        raise  # a broken rule of ours, not an absent database
    except (DBAPIError, PoolTimeout, OSError, TimeoutError) as error:
        raise SourceUnavailable(f"the database did not answer: {type(error).__name__}", source="records", asked=asked) from error


def storable(text: str, limit: int) -> str:
    """Cut, and without what PostgreSQL refuses in a text: NUL and lone surrogates."""
    return text[:limit].replace("\x00", "").encode("utf-8", "replace").decode()


def short_id(text: str) -> str:
    """A stranger's id as a primary key: itself, or its hash when it is too long for one."""
    clean = storable(text, len(text))
    return clean if len(clean) <= 200 else hashlib.sha256(clean.encode()).hexdigest()
