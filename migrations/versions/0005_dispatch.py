"""Dispatch: locked visits, what came of a call, and patients found by the words of their name."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("visit") as visit:
        visit.add_column(sa.Column("locked_at", sa.DateTime(timezone=True), nullable=True))
        visit.add_column(sa.Column("locked_by", sa.Uuid(), nullable=True))
        visit.create_check_constraint(
            op.f("ck_visit_lock_whole"), "(locked_at IS NULL) = (locked_by IS NULL)"
        )
    with op.batch_alter_table("call_task") as call_task:
        call_task.add_column(sa.Column("outcome_sealed", sa.LargeBinary(), nullable=True))
    op.create_table(
        "patient_name",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("word_index", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["patient_id"], ["patient.id"], name="fk_patient_name_patient_id_patient"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_patient_name"),
        sa.UniqueConstraint(
            "patient_id", "word_index", name="uq_patient_name_patient_id_word_index"
        ),
    )
    op.create_index("ix_patient_name_word_index", "patient_name", ["word_index"], unique=False)


def downgrade() -> None:
    op.drop_table("patient_name")
    with op.batch_alter_table("call_task") as call_task:
        call_task.drop_column("outcome_sealed")
    with op.batch_alter_table("visit") as visit:
        visit.drop_constraint(op.f("ck_visit_lock_whole"), type_="check")
        visit.drop_column("locked_by")
        visit.drop_column("locked_at")
