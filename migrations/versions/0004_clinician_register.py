"""Clinicians: home as it was typed; skills and shifts that end keep rows; scope rules revised."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_OLD_SCOPE = "uq_scope_rule_state_credential_way_of_giving_verified_on"
_OLD_SHIFT = "uq_shift_clinician_id_weekday_from_day"
_SCOPE_KEY = ["state", "credential", "way_of_giving", "verified_on"]
_SHIFT_KEY = ["clinician_id", "weekday", "from_day"]


def upgrade() -> None:
    with op.batch_alter_table("clinician") as clinician:
        clinician.add_column(sa.Column("home_street_sealed", sa.LargeBinary(), nullable=True))
        clinician.add_column(sa.Column("home_city", sa.String(length=80), nullable=True))
        clinician.add_column(sa.Column("home_zip", sa.String(length=5), nullable=True))
    with op.batch_alter_table("skill") as skill:
        skill.add_column(sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True))
    with op.batch_alter_table("shift") as shift:
        shift.add_column(sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True))
        shift.drop_constraint(_OLD_SHIFT, type_="unique")
    op.create_index(
        "uq_shift_in_force",
        "shift",
        _SHIFT_KEY,
        unique=True,
        sqlite_where=sa.text("withdrawn_at IS NULL"),
        postgresql_where=sa.text("withdrawn_at IS NULL"),
    )
    with op.batch_alter_table("scope_rule") as scope:
        scope.add_column(sa.Column("revision", sa.Integer(), nullable=False, server_default="1"))
        scope.drop_constraint(_OLD_SCOPE, type_="unique")
        scope.create_unique_constraint("uq_scope_rule_revision", [*_SCOPE_KEY, "revision"])
    with op.batch_alter_table("scope_rule") as scope:
        scope.alter_column("revision", existing_type=sa.Integer(), server_default=None)


def downgrade() -> None:
    # The older schema cannot say that a skill or shift ended, nor hold two verifications of a day.
    op.execute("DELETE FROM skill WHERE ended_at IS NOT NULL")
    op.execute("DELETE FROM shift WHERE withdrawn_at IS NOT NULL")
    same = " AND ".join(f"later.{name} = scope_rule.{name}" for name in _SCOPE_KEY)
    op.execute(
        "DELETE FROM scope_rule WHERE EXISTS (SELECT 1 FROM scope_rule AS later"  # noqa: S608
        f" WHERE {same} AND later.revision > scope_rule.revision)"
    )
    with op.batch_alter_table("scope_rule") as scope:
        scope.drop_constraint("uq_scope_rule_revision", type_="unique")
        scope.drop_column("revision")
        scope.create_unique_constraint(_OLD_SCOPE, _SCOPE_KEY)
    op.drop_index("uq_shift_in_force", table_name="shift")
    with op.batch_alter_table("shift") as shift:
        shift.drop_column("withdrawn_at")
        shift.create_unique_constraint(_OLD_SHIFT, _SHIFT_KEY)
    with op.batch_alter_table("skill") as skill:
        skill.drop_column("ended_at")
    with op.batch_alter_table("clinician") as clinician:
        clinician.drop_column("home_zip")
        clinician.drop_column("home_city")
        clinician.drop_column("home_street_sealed")
