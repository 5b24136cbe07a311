"""SQL that a runbook tells people to paste: does it still fit the table of spans? Bound against an empty one, never run."""

import re
from collections.abc import Iterator

import duckdb
import pyarrow as pa

from bot.telemetry.canonical import SCHEMA

QUERIES_LIMIT = 50  # of one runbook
QUERY_CHARS = 10_000

_FENCE = re.compile(r"^```sql[ \t]*\n(.*?)^```", re.S | re.M | re.I)
_SPANS = re.compile(r"\bfrom\s+spans\b", re.I)
_PARAMETER = re.compile(r"\$[a-z_]+", re.I)


def broken_queries(body: str) -> Iterator[tuple[int, str]]:
    """(place in the body, what the binder says) of each query on `spans` that cannot run."""
    fences = [match for match in _FENCE.finditer(body) if _SPANS.search(match.group(1))][:QUERIES_LIMIT]
    if not fences:
        return
    with duckdb.connect(config={"enable_external_access": "false"}) as connection:  # a runbook is a stranger's text
        connection.register("spans", pa.Table.from_pylist([], schema=SCHEMA))
        for match in fences:
            for query in match.group(1)[:QUERY_CHARS].split(";"):
                if _SPANS.search(query) and (why := _refused(connection, _PARAMETER.sub("0", query))):
                    yield match.start(), why


def _refused(connection: duckdb.DuckDBPyConnection, query: str) -> str:
    try:
        connection.execute(f"EXPLAIN {query}")
    except duckdb.Error as error:
        return str(error).splitlines()[0][:200]
    return ""
