"""Drills that are played: which are open, who sits in them, and what is disputed."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "drills",
        sa.Column("id", sa.String(200), nullable=False),
        sa.Column("scenario", sa.String(200), nullable=False),
        sa.Column("seed", sa.BigInteger, nullable=False),
        sa.Column("channel", sa.Text, nullable=False),
        sa.Column("message_channel", sa.Text),
        sa.Column("ts", sa.Text),
        sa.Column("people", sa.JSON, nullable=False),
        sa.Column("opened_at", sa.Double, nullable=False),
        sa.Column("closed_at", sa.Double),
        sa.PrimaryKeyConstraint("id", name="pk_drills"),
    )
    op.create_table(
        "drill_sittings",
        sa.Column("drill", sa.String(200), nullable=False),
        sa.Column("participant", sa.String(64), nullable=False),
        sa.Column("begun_at", sa.Double, nullable=False),
        sa.Column("asked", sa.JSON, nullable=False),
        sa.Column("hints", sa.Integer, nullable=False),
        sa.Column("answers", sa.JSON),
        sa.Column("answered_at", sa.Double),
        sa.Column("told", sa.Boolean, nullable=False),
        sa.PrimaryKeyConstraint("drill", "participant", name="pk_drill_sittings"),
        sa.ForeignKeyConstraint(["drill"], ["drills.id"], name="fk_drill_sittings_drill"),
    )
    op.create_index("ix_drill_sittings_answered_at", "drill_sittings", ["answered_at"])
    op.create_table(
        "drill_disputes",
        sa.Column("number", sa.Integer, autoincrement=True, nullable=False),
        sa.Column("drill", sa.String(200), nullable=False),
        sa.Column("participant", sa.String(64), nullable=False),
        sa.Column("said", sa.Text, nullable=False),
        sa.Column("at", sa.Double, nullable=False),
        sa.Column("decided_by", sa.String(64)),
        sa.Column("decision", sa.Text),
        sa.Column("decided_at", sa.Double),
        sa.Column("score", sa.Double),
        sa.PrimaryKeyConstraint("number", name="pk_drill_disputes"),
        sa.ForeignKeyConstraint(["drill"], ["drills.id"], name="fk_drill_disputes_drill"),
        sa.UniqueConstraint("drill", "participant", name="uq_drill_disputes_drill"),
    )


def downgrade() -> None:
    for table in ("drill_disputes", "drill_sittings", "drills"):
        op.drop_table(table)
