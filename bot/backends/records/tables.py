"""The tables, the same on SQLite and on PostgreSQL. Times are epoch seconds; values of `model` are kept as their own JSON.

A change here needs a migration beside it: tests/contract/test_records.py compares the two.
"""

import sqlalchemy as sa

_NAMES = {
    "pk": "pk_%(table_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s",
    "ix": "ix_%(table_name)s_%(column_0_name)s",
    "uq": "uq_%(table_name)s_%(column_0_name)s",
}
metadata = sa.MetaData(naming_convention=_NAMES)

incidents = sa.Table(
    "incidents",
    metadata,
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=True),  # INC-<number>
    sa.Column("key", sa.Text, nullable=False),
    sa.Column("key_hash", sa.String(64), nullable=False, index=True),  # a key may be longer than an index entry
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("revision", sa.Integer, nullable=False),
    sa.Column("triage_revision", sa.Integer, nullable=False),
    sa.Column("opened_at", sa.Double, nullable=False, index=True),
    sa.Column("paged_at", sa.Double, nullable=False),
    sa.Column("asked_at", sa.Double),
    sa.Column("resolved_at", sa.Double),
    sa.Column("changed_at", sa.Double, nullable=False, index=True),
    sa.Column("alerts", sa.Integer, nullable=False),
    sa.Column("title", sa.Text, nullable=False),
    sa.Column("service", sa.Text),
    sa.Column("severity", sa.String(16), nullable=False),
    sa.Column("page", sa.JSON, nullable=False),
    sa.Column("acknowledged_by", sa.Text),
    sa.Column("channel", sa.Text),
    sa.Column("ts", sa.Text),
    sa.Column("report", sa.JSON(none_as_null=True)),
    sa.Column("shown_revision", sa.Integer, nullable=False, default=0),  # what the card says
    sa.Column("shown_alerts", sa.Integer, nullable=False, default=0),
    sa.Column("shown_at", sa.Double, nullable=False, default=0.0),
    sa.Column("attached_revision", sa.Integer, nullable=False, default=0),  # what the thread holds evidence of
    sa.Column("card_holder", sa.Text),  # the worker that may post or edit the card until `card_until`
    sa.Column("card_until", sa.Double, nullable=False, default=0.0),
    sa.Column("grouped", sa.JSON, nullable=False, server_default="[]"),
    sa.Column("reopened", sa.JSON, nullable=False, server_default="[]"),
    sa.Column("flapping", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("quiet_until", sa.Double),
    sa.Column("quiet_why", sa.Text, nullable=False, server_default=""),
    sa.Column("digest", sa.Integer, index=True),
    sa.Index(
        "uq_incidents_open_key",
        "key_hash",
        unique=True,
        sqlite_where=sa.text("resolved_at IS NULL"),
        postgresql_where=sa.text("resolved_at IS NULL"),
    ),
    sqlite_autoincrement=True,  # a number is never given twice, even after a delete
)

alerts = sa.Table(  # where the incident of a source's key is found; the keys themselves are in incidents.grouped
    "alerts",
    metadata,
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("incident", sa.Integer, sa.ForeignKey("incidents.number"), nullable=False, index=True),
    sa.Column("key_hash", sa.String(64), nullable=False, index=True),
)

digests = sa.Table(  # a storm's one message
    "digests",
    metadata,
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("opened_at", sa.Double, nullable=False),
    sa.Column("channel", sa.Text),
    sa.Column("ts", sa.Text),
    sa.Column("shown_at", sa.Double, nullable=False, default=0.0),
    sa.Column("holder", sa.Text),  # the worker that may post or edit it until `until`
    sa.Column("until", sa.Double, nullable=False, default=0.0),
    sqlite_autoincrement=True,
)

pages = sa.Table(
    "pages",
    metadata,
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("incident", sa.Integer, sa.ForeignKey("incidents.number"), nullable=False, index=True),
    sa.Column("source", sa.Text, nullable=False),
    sa.Column("delivery_id", sa.Text),
    sa.Column("received_at", sa.Double, nullable=False),
    sa.Column("page", sa.JSON, nullable=False),
    sa.Column("raw_sha256", sa.String(64), nullable=False),  # ties the page to the sender's own log; the body is not kept
    sa.Column("raw_bytes", sa.Integer, nullable=False),
)

deliveries = sa.Table(
    "deliveries",
    metadata,
    sa.Column("source", sa.String(64), primary_key=True),
    sa.Column("delivery_id", sa.String(200), primary_key=True),
    sa.Column("received_at", sa.Double, nullable=False, index=True),
)

changes = sa.Table(
    "changes",
    metadata,
    sa.Column("id", sa.String(200), primary_key=True),
    sa.Column("time", sa.Double, nullable=False, index=True),
    sa.Column("until", sa.Double, nullable=False),  # end of the rollout, or `time`
    sa.Column("service", sa.Text),  # NULL = not stated, which concerns every service
    sa.Column("change", sa.JSON, nullable=False),
)

votes = sa.Table(
    "votes",
    metadata,
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("incident", sa.Integer, sa.ForeignKey("incidents.number"), nullable=False, index=True),
    sa.Column("user", sa.Text, nullable=False),
    sa.Column("right", sa.Boolean, nullable=False),
    sa.Column("cause", sa.Text),
    sa.Column("note", sa.Text, nullable=False),
    sa.Column("at", sa.Double, nullable=False),
)

seen_events = sa.Table(
    "seen_events",
    metadata,
    sa.Column("event_id", sa.String(200), primary_key=True),
    sa.Column("at", sa.Double, nullable=False, index=True),
)

workers = sa.Table(
    "workers",
    metadata,
    sa.Column("id", sa.String(200), primary_key=True),
    sa.Column("beat_at", sa.Double, nullable=False),
)

audit = sa.Table(  # a trigger refuses every UPDATE; each line carries the digest of the line before it
    "audit",
    metadata,
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("at", sa.Double, nullable=False, index=True),
    sa.Column("actor", sa.Text, nullable=False),
    sa.Column("action", sa.Text, nullable=False),
    sa.Column("object", sa.Text, nullable=False),
    sa.Column("result", sa.String(16), nullable=False),
    sa.Column("detail", sa.Text, nullable=False),
    sa.Column("before", sa.String(64), nullable=False),  # the digest of the line before
    sa.Column("digest", sa.String(64), nullable=False),
    sqlite_autoincrement=True,
)
