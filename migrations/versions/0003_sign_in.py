"""Sign-in: staff's e-mail, password and second factor; browsers, codes and counts of tries."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("account") as account:
        account.add_column(sa.Column("email_sealed", sa.LargeBinary(), nullable=True))
        account.add_column(sa.Column("email_index", sa.String(length=64), nullable=True))
        account.add_column(sa.Column("password", sa.String(length=255), nullable=True))
        account.add_column(sa.Column("fs_uniquifier", sa.String(length=64), nullable=True))
        account.add_column(sa.Column("tf_primary_method", sa.String(length=64), nullable=True))
        account.add_column(sa.Column("tf_totp_secret", sa.String(length=512), nullable=True))
        account.add_column(sa.Column("totp_counter", sa.Integer(), nullable=True))
        account.add_column(sa.Column("recovery_codes", sa.Text(), nullable=True))
    op.execute("UPDATE account SET fs_uniquifier = CAST(id AS VARCHAR(64))")
    with op.batch_alter_table("account") as account:
        account.alter_column("fs_uniquifier", existing_type=sa.String(length=64), nullable=False)
        account.create_unique_constraint("uq_account_email_index", ["email_index"])
        account.create_unique_constraint("uq_account_fs_uniquifier", ["fs_uniquifier"])
        account.create_check_constraint(
            op.f("ck_account_email_found_by_index"),
            "(email_index IS NULL) = (email_sealed IS NULL)",
        )
        account.create_check_constraint(
            op.f("ck_account_patients_have_no_password"), "role <> 'patient' OR password IS NULL"
        )
    op.create_table(
        "web_session",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=True),
        sa.Column("phone_index", sa.String(length=64), nullable=True),
        sa.Column("person_tries", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "account_id IS NOT NULL OR phone_index IS NOT NULL",
            name=op.f("ck_web_session_somebodys"),
        ),
        sa.CheckConstraint("person_tries >= 0", name=op.f("ck_web_session_tries_count")),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name="fk_web_session_account_id_account"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_web_session"),
        sa.UniqueConstraint("digest", name="uq_web_session_digest"),
    )
    op.create_index("ix_web_session_account_id", "web_session", ["account_id"], unique=False)
    op.create_table(
        "sign_in_code",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("phone_index", sa.String(length=64), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("issued_by", sa.Uuid(), nullable=True),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("tries BETWEEN 0 AND 5", name=op.f("ck_sign_in_code_tries_range")),
        sa.ForeignKeyConstraint(
            ["issued_by"], ["account.id"], name="fk_sign_in_code_issued_by_account"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_sign_in_code"),
    )
    op.create_index(
        "ix_sign_in_code_phone_index_created_at",
        "sign_in_code",
        ["phone_index", "created_at"],
        unique=False,
    )
    op.create_table(
        "throttle",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("what", sa.String(length=40), nullable=False),
        sa.Column("key_index", sa.String(length=64), nullable=False),
        sa.Column("begins_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_throttle"),
        sa.UniqueConstraint(
            "what", "key_index", "begins_at", name="uq_throttle_what_key_index_begins_at"
        ),
    )
    op.create_index("ix_throttle_begins_at", "throttle", ["begins_at"], unique=False)


def downgrade() -> None:
    op.drop_table("throttle")
    op.drop_table("sign_in_code")
    op.drop_table("web_session")
    with op.batch_alter_table("account") as account:
        account.drop_constraint(op.f("ck_account_patients_have_no_password"), type_="check")
        account.drop_constraint(op.f("ck_account_email_found_by_index"), type_="check")
        account.drop_constraint("uq_account_fs_uniquifier", type_="unique")
        account.drop_constraint("uq_account_email_index", type_="unique")
        account.drop_column("recovery_codes")
        account.drop_column("totp_counter")
        account.drop_column("tf_totp_secret")
        account.drop_column("tf_primary_method")
        account.drop_column("fs_uniquifier")
        account.drop_column("password")
        account.drop_column("email_index")
        account.drop_column("email_sealed")
