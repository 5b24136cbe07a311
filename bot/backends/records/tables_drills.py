"""The tables of drills: which are open, who sits in them, and what is disputed."""

import sqlalchemy as sa

from bot.backends.records.tables import metadata

drills = sa.Table(
    "drills",
    metadata,
    sa.Column("id", sa.String(200), primary_key=True),
    sa.Column("scenario", sa.String(200), nullable=False),
    sa.Column("seed", sa.BigInteger, nullable=False),
    sa.Column("channel", sa.Text, nullable=False),
    sa.Column("message_channel", sa.Text),  # Slack names the channel by id, whatever it was asked by
    sa.Column("ts", sa.Text),
    sa.Column("people", sa.JSON, nullable=False),
    sa.Column("opened_at", sa.Double, nullable=False),
    sa.Column("closed_at", sa.Double),
)

drill_sittings = sa.Table(
    "drill_sittings",
    metadata,
    sa.Column("drill", sa.String(200), sa.ForeignKey("drills.id"), primary_key=True),
    sa.Column("participant", sa.String(64), primary_key=True),
    sa.Column("begun_at", sa.Double, nullable=False),
    sa.Column("asked", sa.JSON, nullable=False),
    sa.Column("hints", sa.Integer, nullable=False),
    sa.Column("answers", sa.JSON(none_as_null=True)),
    sa.Column("answered_at", sa.Double, index=True),
    sa.Column("told", sa.Boolean, nullable=False),
)

drill_disputes = sa.Table(
    "drill_disputes",
    metadata,
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("drill", sa.String(200), sa.ForeignKey("drills.id"), nullable=False),
    sa.Column("participant", sa.String(64), nullable=False),
    sa.Column("said", sa.Text, nullable=False),
    sa.Column("at", sa.Double, nullable=False),
    sa.Column("decided_by", sa.String(64)),
    sa.Column("decision", sa.Text),
    sa.Column("decided_at", sa.Double),
    sa.Column("score", sa.Double),
    sa.UniqueConstraint("drill", "participant", name="uq_drill_disputes_drill"),
)
