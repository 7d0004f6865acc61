"""Repeated requests: the kept answer may be a series, not only a visit."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("idempotency") as idempotency:
        idempotency.alter_column("visit_id", new_column_name="answer_id", existing_type=sa.Uuid())


def downgrade() -> None:
    with op.batch_alter_table("idempotency") as idempotency:
        idempotency.alter_column("answer_id", new_column_name="visit_id", existing_type=sa.Uuid())
