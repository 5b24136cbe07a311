"""Alerts of an incident by their keys, what grouping remembers of it, and the digests of storms."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for column in (
        sa.Column("asked_at", sa.Double),
        sa.Column("grouped", sa.JSON, nullable=False, server_default="[]"),
        sa.Column("reopened", sa.JSON, nullable=False, server_default="[]"),
        sa.Column("flapping", sa.Boolean, nullable=False, server_default=sa.false()),
        sa.Column("quiet_until", sa.Double),
        sa.Column("quiet_why", sa.Text, nullable=False, server_default=""),
        sa.Column("digest", sa.Integer),
    ):
        op.add_column("incidents", column)
    op.create_index("ix_incidents_opened_at", "incidents", ["opened_at"])
    op.create_index("ix_incidents_digest", "incidents", ["digest"])
    op.create_table(
        "alerts",
        sa.Column("number", sa.Integer, autoincrement=True, nullable=False),
        sa.Column("incident", sa.Integer, nullable=False),
        sa.Column("key_hash", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_alerts"),
        sa.ForeignKeyConstraint(["incident"], ["incidents.number"], name="fk_alerts_incident"),
    )
    op.create_index("ix_alerts_incident", "alerts", ["incident"])
    op.create_index("ix_alerts_key_hash", "alerts", ["key_hash"])
    op.execute("INSERT INTO alerts (incident, key_hash) SELECT number, key_hash FROM incidents ORDER BY number")
    op.create_table(
        "digests",
        sa.Column("number", sa.Integer, autoincrement=True, nullable=False),
        sa.Column("opened_at", sa.Double, nullable=False),
        sa.Column("channel", sa.Text),
        sa.Column("ts", sa.Text),
        sa.Column("shown_at", sa.Double, nullable=False),
        sa.Column("holder", sa.Text),
        sa.Column("until", sa.Double, nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_digests"),
        sqlite_autoincrement=True,
    )


def downgrade() -> None:
    for table in ("digests", "alerts"):
        op.drop_table(table)
    for index in ("ix_incidents_digest", "ix_incidents_opened_at"):
        op.drop_index(index, "incidents")
    for column in ("digest", "quiet_why", "quiet_until", "flapping", "reopened", "grouped", "asked_at"):
        op.drop_column("incidents", column)
