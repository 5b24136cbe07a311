"""The first tables: pages and their incidents, deliveries, changes, votes, Slack events seen, workers."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    _incidents()
    _of_incidents()
    op.create_table(
        "deliveries",
        sa.Column("source", sa.String(64), nullable=False),
        sa.Column("delivery_id", sa.String(200), nullable=False),
        sa.Column("received_at", sa.Double, nullable=False),
        sa.PrimaryKeyConstraint("source", "delivery_id", name="pk_deliveries"),
    )
    op.create_index("ix_deliveries_received_at", "deliveries", ["received_at"])
    op.create_table(
        "changes",
        sa.Column("id", sa.String(200), nullable=False),
        sa.Column("time", sa.Double, nullable=False),
        sa.Column("until", sa.Double, nullable=False),
        sa.Column("service", sa.Text),
        sa.Column("change", sa.JSON, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_changes"),
    )
    op.create_index("ix_changes_time", "changes", ["time"])
    op.create_table(
        "seen_events",
        sa.Column("event_id", sa.String(200), nullable=False),
        sa.Column("at", sa.Double, nullable=False),
        sa.PrimaryKeyConstraint("event_id", name="pk_seen_events"),
    )
    op.create_index("ix_seen_events_at", "seen_events", ["at"])
    op.create_table(
        "workers",
        sa.Column("id", sa.String(200), nullable=False),
        sa.Column("beat_at", sa.Double, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_workers"),
    )


def _incidents() -> None:
    op.create_table(
        "incidents",
        sa.Column("number", sa.Integer, autoincrement=True, nullable=False),
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("key_hash", sa.String(64), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("triage_revision", sa.Integer, nullable=False),
        sa.Column("opened_at", sa.Double, nullable=False),
        sa.Column("paged_at", sa.Double, nullable=False),
        sa.Column("resolved_at", sa.Double),
        sa.Column("changed_at", sa.Double, nullable=False),
        sa.Column("alerts", sa.Integer, nullable=False),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("service", sa.Text),
        sa.Column("severity", sa.String(16), nullable=False),
        sa.Column("page", sa.JSON, nullable=False),
        sa.Column("acknowledged_by", sa.Text),
        sa.Column("channel", sa.Text),
        sa.Column("ts", sa.Text),
        sa.Column("report", sa.JSON),
        sa.Column("shown_revision", sa.Integer, nullable=False),
        sa.Column("shown_alerts", sa.Integer, nullable=False),
        sa.Column("shown_at", sa.Double, nullable=False),
        sa.Column("attached_revision", sa.Integer, nullable=False),
        sa.Column("card_holder", sa.Text),
        sa.Column("card_until", sa.Double, nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_incidents"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_incidents_key_hash", "incidents", ["key_hash"])
    op.create_index("ix_incidents_changed_at", "incidents", ["changed_at"])
    still_open = sa.text("resolved_at IS NULL")
    op.create_index("uq_incidents_open_key", "incidents", ["key_hash"], unique=True, sqlite_where=still_open, postgresql_where=still_open)


def _of_incidents() -> None:
    op.create_table(
        "pages",
        sa.Column("number", sa.Integer, autoincrement=True, nullable=False),
        sa.Column("incident", sa.Integer, nullable=False),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("delivery_id", sa.Text),
        sa.Column("received_at", sa.Double, nullable=False),
        sa.Column("page", sa.JSON, nullable=False),
        sa.Column("raw_sha256", sa.String(64), nullable=False),
        sa.Column("raw_bytes", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_pages"),
        sa.ForeignKeyConstraint(["incident"], ["incidents.number"], name="fk_pages_incident"),
    )
    op.create_index("ix_pages_incident", "pages", ["incident"])
    op.create_table(
        "votes",
        sa.Column("number", sa.Integer, autoincrement=True, nullable=False),
        sa.Column("incident", sa.Integer, nullable=False),
        sa.Column("user", sa.Text, nullable=False),
        sa.Column("right", sa.Boolean, nullable=False),
        sa.Column("cause", sa.Text),
        sa.Column("note", sa.Text, nullable=False),
        sa.Column("at", sa.Double, nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_votes"),
        sa.ForeignKeyConstraint(["incident"], ["incidents.number"], name="fk_votes_incident"),
    )
    op.create_index("ix_votes_incident", "votes", ["incident"])


def downgrade() -> None:
    for table in ("votes", "pages", "workers", "seen_events", "changes", "deliveries", "incidents"):
        op.drop_table(table)
