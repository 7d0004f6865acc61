"""Drives as they were, beside what was estimated."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "drive",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("visit_id", sa.Uuid(), nullable=True),
        sa.Column("set_out_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("on_day", sa.Date(), nullable=False),
        sa.Column("area", sa.String(length=8), nullable=False),
        sa.Column("part", sa.String(length=24), nullable=False),
        sa.Column("source", sa.String(length=16), nullable=False),
        sa.Column("estimated_minutes", sa.Integer(), nullable=False),
        sa.Column("actual_minutes", sa.Integer(), nullable=True),
        sa.CheckConstraint(
            "part IN ('night', 'morning_peak', 'midday', 'evening_peak', 'evening', 'weekend')",
            name=op.f("ck_drive_part_known"),
        ),
        sa.CheckConstraint(
            "(visit_id IS NULL) = (actual_minutes IS NOT NULL)",
            name=op.f("ck_drive_over_or_under_way"),
        ),
        sa.CheckConstraint(
            "(visit_id IS NULL) = (set_out_at IS NULL)",
            name=op.f("ck_drive_set_out_while_under_way"),
        ),
        sa.CheckConstraint("estimated_minutes >= 0", name=op.f("ck_drive_estimate_counts")),
        sa.CheckConstraint("actual_minutes > 0", name=op.f("ck_drive_time_passes")),
        sa.ForeignKeyConstraint(["visit_id"], ["visit.id"], name="fk_drive_visit_id_visit"),
        sa.PrimaryKeyConstraint("id", name="pk_drive"),
        sa.UniqueConstraint("visit_id", name="uq_drive_visit_id"),
    )
    op.create_index("ix_drive_on_day", "drive", ["on_day"], unique=False)


def downgrade() -> None:
    op.drop_table("drive")
