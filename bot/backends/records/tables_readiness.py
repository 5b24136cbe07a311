"""The tables of readiness: due drills, what people did about it, shifts that ended, and what is known of an incident's course."""

import sqlalchemy as sa

from bot.backends.records.tables import metadata

drill_schedules = sa.Table(
    "drill_schedules",
    metadata,
    sa.Column("id", sa.String(64), primary_key=True),
    sa.Column("cron", sa.String(100), nullable=False),  # as it was when this was last planned
    sa.Column("zone", sa.String(64), nullable=False),
    sa.Column("since", sa.Double, nullable=False),  # when it was first known
    sa.Column("next_due_at", sa.Double),  # UTC
)

drill_firings = sa.Table(
    "drill_firings",
    metadata,
    sa.Column("schedule", sa.String(64), primary_key=True),
    sa.Column("due_at", sa.Double, primary_key=True),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("at", sa.Double, nullable=False),
    sa.Column("why", sa.Text, nullable=False),
)

marked_drills = sa.Table(
    "marked_drills",
    metadata,
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("key", sa.String(200), nullable=False, unique=True),  # of the play and its participant: a mark is kept once
    sa.Column("participant", sa.String(64), nullable=False, index=True),
    sa.Column("at", sa.Double, nullable=False, index=True),
    sa.Column("drill", sa.JSON, nullable=False),  # as it stands after disputes
    sa.Column("disputed", sa.Boolean, nullable=False),
    sqlite_autoincrement=True,
)

readiness_acts = sa.Table(
    "readiness_acts",
    metadata,
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("kind", sa.String(16), nullable=False),
    sa.Column("person", sa.String(64), nullable=False, index=True),
    sa.Column("what", sa.String(100), nullable=False),
    sa.Column("by", sa.String(64), nullable=False),
    sa.Column("why", sa.Text, nullable=False),
    sa.Column("at", sa.Double, nullable=False),
)

served_shifts = sa.Table(
    "served_shifts",
    metadata,
    sa.Column("person", sa.String(64), primary_key=True),
    sa.Column("role", sa.String(16), primary_key=True),
    sa.Column("start", sa.Double, primary_key=True),
    sa.Column("end", sa.Double, nullable=False),
)

milestones = sa.Table(
    "milestones",
    metadata,
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("incident", sa.Integer, sa.ForeignKey("incidents.number"), nullable=False, index=True),
    sa.Column("kind", sa.String(16), nullable=False),
    sa.Column("by", sa.String(64), nullable=False),
    sa.Column("at", sa.Double, nullable=False),
    sa.Column("layer", sa.String(32)),
    sa.Column("cause", sa.String(64)),
    sa.Column("evidence", sa.JSON, nullable=False),
)
