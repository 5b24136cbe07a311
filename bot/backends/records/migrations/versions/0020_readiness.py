"""Readiness: due team drills, what people did about the gate, shifts that ended, and the milestones of incidents."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "drill_schedules",
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("cron", sa.String(100), nullable=False),
        sa.Column("zone", sa.String(64), nullable=False),
        sa.Column("since", sa.Double, nullable=False),
        sa.Column("next_due_at", sa.Double),
        sa.PrimaryKeyConstraint("id", name="pk_drill_schedules"),
    )
    op.create_table(
        "drill_firings",
        sa.Column("schedule", sa.String(64), nullable=False),
        sa.Column("due_at", sa.Double, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("at", sa.Double, nullable=False),
        sa.Column("why", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("schedule", "due_at", name="pk_drill_firings"),
    )
    op.create_table(
        "readiness_acts",
        sa.Column("number", sa.Integer, autoincrement=True, nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("person", sa.String(64), nullable=False),
        sa.Column("what", sa.String(100), nullable=False),
        sa.Column("by", sa.String(64), nullable=False),
        sa.Column("why", sa.Text, nullable=False),
        sa.Column("at", sa.Double, nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_readiness_acts"),
    )
    op.create_index("ix_readiness_acts_person", "readiness_acts", ["person"])
    op.create_table(
        "served_shifts",
        sa.Column("person", sa.String(64), nullable=False),
        sa.Column("role", sa.String(16), nullable=False),
        sa.Column("start", sa.Double, nullable=False),
        sa.Column("end", sa.Double, nullable=False),
        sa.PrimaryKeyConstraint("person", "role", "start", name="pk_served_shifts"),
    )
    _milestones()
    op.create_table(
        "marked_drills",
        sa.Column("number", sa.Integer, autoincrement=True, nullable=False),
        sa.Column("key", sa.String(200), nullable=False),
        sa.Column("participant", sa.String(64), nullable=False),
        sa.Column("at", sa.Double, nullable=False),
        sa.Column("drill", sa.JSON, nullable=False),
        sa.Column("disputed", sa.Boolean, nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_marked_drills"),
        sa.UniqueConstraint("key", name="uq_marked_drills_key"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_marked_drills_participant", "marked_drills", ["participant"])
    op.create_index("ix_marked_drills_at", "marked_drills", ["at"])


def _milestones() -> None:
    op.create_table(
        "milestones",
        sa.Column("number", sa.Integer, autoincrement=True, nullable=False),
        sa.Column("incident", sa.Integer, nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("by", sa.String(64), nullable=False),
        sa.Column("at", sa.Double, nullable=False),
        sa.Column("layer", sa.String(32)),
        sa.Column("cause", sa.String(64)),
        sa.Column("evidence", sa.JSON, nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_milestones"),
        sa.ForeignKeyConstraint(["incident"], ["incidents.number"], name="fk_milestones_incident"),
    )
    op.create_index("ix_milestones_incident", "milestones", ["incident"])


def downgrade() -> None:
    for table in ("marked_drills", "milestones", "served_shifts", "readiness_acts", "drill_firings", "drill_schedules"):
        op.drop_table(table)
