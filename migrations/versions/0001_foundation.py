"""The foundation: people, clinicians, rules, visits, treatment, messages, audit."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


NO_OVERLAP = """
ALTER TABLE visit ADD CONSTRAINT excl_visit_clinician_time EXCLUDE USING gist
  (clinician_id WITH =, tstzrange(starts_at, ends_at) WITH &&)
  WHERE (state IN ('ARRIVED', 'BOOKED', 'EN_ROUTE', 'RESERVED', 'STARTED', 'TENTATIVE'))
  DEFERRABLE INITIALLY DEFERRED
"""


def upgrade() -> None:
    op.create_table(
        "account",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("role", sa.String(length=24), nullable=False),
        sa.Column("display_name", sa.String(length=80), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "role IN ('patient', 'dispatcher', 'clinician', 'prescriber', 'medical_director', 'administrator')",
            name=op.f("ck_account_role_known"),
        ),
        sa.PrimaryKeyConstraint("id", name="pk_account"),
    )
    op.create_index("ix_account_person_id", "account", ["person_id"], unique=False)
    op.create_table(
        "audit",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor_id", sa.Uuid(), nullable=False),
        sa.Column("role", sa.String(length=24), nullable=False),
        sa.Column("action", sa.String(length=60), nullable=False),
        sa.Column("subject", sa.String(length=40), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("patient_id", sa.Uuid(), nullable=True),
        sa.Column("reason_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("seal", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_audit"),
    )
    op.create_index("ix_audit_at", "audit", ["at"], unique=False)
    op.create_index("ix_audit_patient_id", "audit", ["patient_id"], unique=False)
    op.create_table(
        "care_service",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("way_of_giving", sa.String(length=24), nullable=False),
        sa.Column("skills", sa.String(length=200), nullable=False),
        sa.Column("needs_order", sa.Boolean(), nullable=False),
        sa.Column("dosed", sa.Boolean(), nullable=False),
        sa.Column("preparation_minutes", sa.Integer(), nullable=False),
        sa.Column("care_minutes", sa.Integer(), nullable=False),
        sa.Column("pack_down_minutes", sa.Integer(), nullable=False),
        sa.Column("arrival_window_minutes", sa.Integer(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.CheckConstraint(
            "way_of_giving IN ('iv_infusion', 'im', 'subcutaneous', 'lozenge_sl', 'tablet_oral', 'none')",
            name=op.f("ck_care_service_way_of_giving_known"),
        ),
        sa.CheckConstraint(
            "NOT dosed OR needs_order", name=op.f("ck_care_service_dose_needs_order")
        ),
        sa.CheckConstraint("care_minutes > 0", name=op.f("ck_care_service_care_takes_time")),
        sa.PrimaryKeyConstraint("id", name="pk_care_service"),
        sa.UniqueConstraint("code", name="uq_care_service_code"),
    )
    op.create_table(
        "clinician",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("credential", sa.String(length=24), nullable=False),
        sa.Column("home_state", sa.String(length=2), nullable=False),
        sa.Column("start_latitude", sa.Double(), nullable=False),
        sa.Column("start_longitude", sa.Double(), nullable=False),
        sa.Column("timezone", sa.String(length=64), nullable=False),
        sa.Column("max_visits", sa.Integer(), nullable=False),
        sa.Column("max_travel_minutes", sa.Integer(), nullable=False),
        sa.Column("break_minutes", sa.Integer(), nullable=True),
        sa.Column("break_opens", sa.Time(), nullable=True),
        sa.Column("break_closes", sa.Time(), nullable=True),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.CheckConstraint(
            "credential IN ('RN', 'LPN', 'NP', 'PA', 'MD', 'DO', 'CRNA', 'PARAMEDIC')",
            name=op.f("ck_clinician_credential_known"),
        ),
        sa.CheckConstraint(
            "(break_minutes IS NULL) = (break_opens IS NULL) AND (break_minutes IS NULL) = (break_closes IS NULL)",
            name=op.f("ck_clinician_break_whole"),
        ),
        sa.CheckConstraint(
            "max_travel_minutes BETWEEN 0 AND 960", name=op.f("ck_clinician_max_travel_range")
        ),
        sa.CheckConstraint(
            "max_visits BETWEEN 0 AND 24", name=op.f("ck_clinician_max_visits_range")
        ),
        sa.CheckConstraint(
            "start_latitude BETWEEN -90 AND 90", name=op.f("ck_clinician_latitude_range")
        ),
        sa.CheckConstraint(
            "start_longitude BETWEEN -180 AND 180", name=op.f("ck_clinician_longitude_range")
        ),
        sa.PrimaryKeyConstraint("id", name="pk_clinician"),
    )
    op.create_table(
        "compact_member",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("compact", sa.String(length=10), nullable=False),
        sa.Column("state", sa.String(length=2), nullable=False),
        sa.Column("credentials", sa.String(length=40), nullable=False),
        sa.Column("privilege_from", sa.Date(), nullable=True),
        sa.Column("issues_from", sa.Date(), nullable=True),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("source", sa.String(length=200), nullable=False),
        sa.Column("checked_on", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_compact_member"),
        sa.UniqueConstraint("compact", "state", name="uq_compact_member_compact_state"),
    )
    op.create_table(
        "idempotency",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.String(length=80), nullable=False),
        sa.Column("request_digest", sa.String(length=64), nullable=False),
        sa.Column("visit_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_idempotency"),
        sa.UniqueConstraint("account_id", "key", name="uq_idempotency_account_id_key"),
    )
    op.create_table(
        "lease",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("holder", sa.Uuid(), nullable=False),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_lease"),
        sa.UniqueConstraint("name", name="uq_lease_name"),
    )
    op.create_table(
        "opt_out",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("recipient_index", sa.String(length=64), nullable=False),
        sa.Column("source", sa.String(length=40), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_opt_out"),
    )
    op.create_index("ix_opt_out_recipient_index", "opt_out", ["recipient_index"], unique=False)
    op.create_table(
        "patient",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("phone_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("phone_index", sa.String(length=64), nullable=True),
        sa.Column("birth_date_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("timezone", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_patient"),
    )
    op.create_index("ix_patient_phone_index", "patient", ["phone_index"], unique=False)
    op.create_table(
        "scope_rule",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.String(length=2), nullable=False),
        sa.Column("credential", sa.String(length=24), nullable=False),
        sa.Column("way_of_giving", sa.String(length=24), nullable=False),
        sa.Column("needs_prescriber_on_site", sa.Boolean(), nullable=False),
        sa.Column("needs_second_person", sa.Boolean(), nullable=False),
        sa.Column("citation", sa.String(length=400), nullable=False),
        sa.Column("verified_by", sa.String(length=80), nullable=False),
        sa.Column("verified_on", sa.Date(), nullable=False),
        sa.Column("expires_on", sa.Date(), nullable=True),
        sa.CheckConstraint(
            "credential IN ('RN', 'LPN', 'NP', 'PA', 'MD', 'DO', 'CRNA', 'PARAMEDIC')",
            name=op.f("ck_scope_rule_credential_known"),
        ),
        sa.CheckConstraint(
            "way_of_giving IN ('iv_infusion', 'im', 'subcutaneous', 'lozenge_sl', 'tablet_oral', 'none')",
            name=op.f("ck_scope_rule_way_of_giving_known"),
        ),
        sa.PrimaryKeyConstraint("id", name="pk_scope_rule"),
        sa.UniqueConstraint(
            "state",
            "credential",
            "way_of_giving",
            "verified_on",
            name="uq_scope_rule_state_credential_way_of_giving_verified_on",
        ),
    )
    op.create_index("ix_scope_rule_state", "scope_rule", ["state"], unique=False)
    op.create_table(
        "address",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("label", sa.String(length=40), nullable=False),
        sa.Column("street_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("access_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("exact_point_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("state", sa.String(length=2), nullable=False),
        sa.Column("zip_code", sa.String(length=5), nullable=False),
        sa.Column("zip_latitude", sa.Double(), nullable=False),
        sa.Column("zip_longitude", sa.Double(), nullable=False),
        sa.Column("precision", sa.String(length=8), nullable=False),
        sa.Column("timezone", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "zip_latitude BETWEEN -90 AND 90", name=op.f("ck_address_latitude_range")
        ),
        sa.CheckConstraint(
            "zip_longitude BETWEEN -180 AND 180", name=op.f("ck_address_longitude_range")
        ),
        sa.ForeignKeyConstraint(
            ["patient_id"], ["patient.id"], name="fk_address_patient_id_patient"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_address"),
    )
    op.create_index("ix_address_patient_id", "address", ["patient_id"], unique=False)
    op.create_table(
        "api_token",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name="fk_api_token_account_id_account"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_api_token"),
        sa.UniqueConstraint("digest", name="uq_api_token_digest"),
    )
    op.create_index("ix_api_token_account_id", "api_token", ["account_id"], unique=False)
    op.create_table(
        "blocked_pair",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("clinician_id", sa.Uuid(), nullable=False),
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["clinician_id"], ["clinician.id"], name="fk_blocked_pair_clinician_id_clinician"
        ),
        sa.ForeignKeyConstraint(
            ["patient_id"], ["patient.id"], name="fk_blocked_pair_patient_id_patient"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_blocked_pair"),
        sa.UniqueConstraint(
            "clinician_id", "patient_id", name="uq_blocked_pair_clinician_id_patient_id"
        ),
    )
    op.create_table(
        "clinician_day",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("clinician_id", sa.Uuid(), nullable=False),
        sa.Column("on_day", sa.Date(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["clinician_id"], ["clinician.id"], name="fk_clinician_day_clinician_id_clinician"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_clinician_day"),
        sa.UniqueConstraint("clinician_id", "on_day", name="uq_clinician_day_clinician_id_on_day"),
    )
    op.create_table(
        "consent",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=24), nullable=False),
        sa.Column("wording", sa.String(length=400), nullable=False),
        sa.Column("source", sa.String(length=40), nullable=False),
        sa.Column("given_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("kind IN ('treatment', 'sms')", name=op.f("ck_consent_kind_known")),
        sa.ForeignKeyConstraint(
            ["patient_id"], ["patient.id"], name="fk_consent_patient_id_patient"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_consent"),
    )
    op.create_index("ix_consent_patient_id", "consent", ["patient_id"], unique=False)
    op.create_table(
        "intake",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("answers_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("clearance", sa.String(length=24), nullable=False),
        sa.Column("decided_by", sa.Uuid(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reason_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "clearance IN ('not_needed', 'waiting', 'cleared', 'declined')",
            name=op.f("ck_intake_clearance_known"),
        ),
        sa.ForeignKeyConstraint(
            ["patient_id"], ["patient.id"], name="fk_intake_patient_id_patient"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_intake"),
    )
    op.create_index("ix_intake_patient_id", "intake", ["patient_id"], unique=False)
    op.create_table(
        "licence",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("clinician_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.String(length=2), nullable=False),
        sa.Column("credential", sa.String(length=24), nullable=False),
        sa.Column("number", sa.String(length=40), nullable=False),
        sa.Column("multistate", sa.Boolean(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_through", sa.Date(), nullable=False),
        sa.CheckConstraint(
            "credential IN ('RN', 'LPN', 'NP', 'PA', 'MD', 'DO', 'CRNA', 'PARAMEDIC')",
            name=op.f("ck_licence_credential_known"),
        ),
        sa.CheckConstraint("valid_from <= valid_through", name=op.f("ck_licence_dates_in_order")),
        sa.ForeignKeyConstraint(
            ["clinician_id"], ["clinician.id"], name="fk_licence_clinician_id_clinician"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_licence"),
        sa.UniqueConstraint(
            "clinician_id", "state", "number", name="uq_licence_clinician_id_state_number"
        ),
    )
    op.create_index("ix_licence_clinician_id", "licence", ["clinician_id"], unique=False)
    op.create_table(
        "protocol",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.String(length=60), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(length=24), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("content_hash", sa.String(length=64), nullable=False),
        sa.Column("approved_hash", sa.String(length=64), nullable=True),
        sa.Column("approved_by", sa.Uuid(), nullable=True),
        sa.Column("approved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("approval_reason", sa.String(length=200), nullable=True),
        sa.CheckConstraint(
            "status <> 'approved' OR (approved_by IS NOT NULL AND approved_hash = content_hash)",
            name=op.f("ck_protocol_approval_names_content"),
        ),
        sa.CheckConstraint(
            "status IN ('example', 'draft', 'approved', 'retired')",
            name=op.f("ck_protocol_status_known"),
        ),
        sa.ForeignKeyConstraint(
            ["approved_by"], ["account.id"], name="fk_protocol_approved_by_account"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_protocol"),
        sa.UniqueConstraint("code", "version", name="uq_protocol_code_version"),
    )
    op.create_table(
        "shift",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("clinician_id", sa.Uuid(), nullable=False),
        sa.Column("weekday", sa.Integer(), nullable=False),
        sa.Column("opens", sa.Time(), nullable=False),
        sa.Column("closes", sa.Time(), nullable=False),
        sa.Column("from_day", sa.Date(), nullable=False),
        sa.Column("through_day", sa.Date(), nullable=False),
        sa.CheckConstraint("from_day <= through_day", name=op.f("ck_shift_days_in_order")),
        sa.CheckConstraint("opens < closes", name=op.f("ck_shift_opens_first")),
        sa.CheckConstraint("weekday BETWEEN 0 AND 6", name=op.f("ck_shift_weekday_range")),
        sa.ForeignKeyConstraint(
            ["clinician_id"], ["clinician.id"], name="fk_shift_clinician_id_clinician"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_shift"),
        sa.UniqueConstraint(
            "clinician_id", "weekday", "from_day", name="uq_shift_clinician_id_weekday_from_day"
        ),
    )
    op.create_index("ix_shift_clinician_id", "shift", ["clinician_id"], unique=False)
    op.create_table(
        "skill",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("clinician_id", sa.Uuid(), nullable=False),
        sa.Column("skill", sa.String(length=40), nullable=False),
        sa.ForeignKeyConstraint(
            ["clinician_id"], ["clinician.id"], name="fk_skill_clinician_id_clinician"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_skill"),
        sa.UniqueConstraint("clinician_id", "skill", name="uq_skill_clinician_id_skill"),
    )
    op.create_index("ix_skill_clinician_id", "skill", ["clinician_id"], unique=False)
    op.create_table(
        "time_off",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("clinician_id", sa.Uuid(), nullable=False),
        sa.Column("first_day", sa.Date(), nullable=False),
        sa.Column("last_day", sa.Date(), nullable=False),
        sa.Column("reason", sa.String(length=80), nullable=False),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("first_day <= last_day", name=op.f("ck_time_off_days_in_order")),
        sa.ForeignKeyConstraint(
            ["clinician_id"], ["clinician.id"], name="fk_time_off_clinician_id_clinician"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_time_off"),
    )
    op.create_index("ix_time_off_clinician_id", "time_off", ["clinician_id"], unique=False)
    op.create_table(
        "weight",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("kg_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("measured_on", sa.Date(), nullable=False),
        sa.Column("recorded_by", sa.Uuid(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["patient_id"], ["patient.id"], name="fk_weight_patient_id_patient"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_weight"),
    )
    op.create_index("ix_weight_patient_id", "weight", ["patient_id"], unique=False)
    op.create_table(
        "treatment_order",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("prescriber_id", sa.Uuid(), nullable=False),
        sa.Column("protocol_id", sa.Uuid(), nullable=True),
        sa.Column("service_code", sa.String(length=40), nullable=False),
        sa.Column("indication_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("limits_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("max_administrations", sa.Integer(), nullable=False),
        sa.Column("signed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("previous_order_id", sa.Uuid(), nullable=True),
        sa.CheckConstraint(
            "max_administrations > 0", name=op.f("ck_treatment_order_administrations_positive")
        ),
        sa.CheckConstraint(
            "signed_at < expires_at", name=op.f("ck_treatment_order_dates_in_order")
        ),
        sa.ForeignKeyConstraint(
            ["patient_id"], ["patient.id"], name="fk_treatment_order_patient_id_patient"
        ),
        sa.ForeignKeyConstraint(
            ["prescriber_id"], ["clinician.id"], name="fk_treatment_order_prescriber_id_clinician"
        ),
        sa.ForeignKeyConstraint(
            ["previous_order_id"],
            ["treatment_order.id"],
            name="fk_treatment_order_previous_order_id_treatment_order",
        ),
        sa.ForeignKeyConstraint(
            ["protocol_id"], ["protocol.id"], name="fk_treatment_order_protocol_id_protocol"
        ),
        sa.ForeignKeyConstraint(
            ["service_code"],
            ["care_service.code"],
            name="fk_treatment_order_service_code_care_service",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_treatment_order"),
        sa.UniqueConstraint("previous_order_id", name="uq_treatment_order_previous_order_id"),
    )
    op.create_index(
        "ix_treatment_order_patient_id", "treatment_order", ["patient_id"], unique=False
    )
    op.create_table(
        "visit_request",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("address_id", sa.Uuid(), nullable=False),
        sa.Column("service_code", sa.String(length=40), nullable=False),
        sa.Column("state", sa.String(length=24), nullable=False),
        sa.Column("wanted_from", sa.DateTime(timezone=True), nullable=False),
        sa.Column("wanted_until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("preferred_clinician_id", sa.Uuid(), nullable=True),
        sa.Column("intake_id", sa.Uuid(), nullable=True),
        sa.Column("order_id", sa.Uuid(), nullable=True),
        sa.Column("review_due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "state IN ('AWAITING_REVIEW', 'AWAITING_ORDER', 'OPEN', 'BOOKED', 'DECLINED', 'CLOSED')",
            name=op.f("ck_visit_request_state_known"),
        ),
        sa.CheckConstraint(
            "wanted_from < wanted_until", name=op.f("ck_visit_request_window_in_order")
        ),
        sa.ForeignKeyConstraint(
            ["address_id"], ["address.id"], name="fk_visit_request_address_id_address"
        ),
        sa.ForeignKeyConstraint(
            ["intake_id"], ["intake.id"], name="fk_visit_request_intake_id_intake"
        ),
        sa.ForeignKeyConstraint(
            ["order_id"], ["treatment_order.id"], name="fk_visit_request_order_id_treatment_order"
        ),
        sa.ForeignKeyConstraint(
            ["patient_id"], ["patient.id"], name="fk_visit_request_patient_id_patient"
        ),
        sa.ForeignKeyConstraint(
            ["preferred_clinician_id"],
            ["clinician.id"],
            name="fk_visit_request_preferred_clinician_id_clinician",
        ),
        sa.ForeignKeyConstraint(
            ["service_code"],
            ["care_service.code"],
            name="fk_visit_request_service_code_care_service",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_visit_request"),
    )
    op.create_index("ix_visit_request_patient_id", "visit_request", ["patient_id"], unique=False)
    op.create_table(
        "series",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("request_id", sa.Uuid(), nullable=False),
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("protocol_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.String(length=24), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "state IN ('PROPOSED', 'SCREENING', 'CLEARED', 'ACTIVE', 'ON_HOLD', 'AWAITING_REVIEW', 'COMPLETED', 'STOPPED', 'EXPIRED', 'CANCELLED')",
            name=op.f("ck_series_state_known"),
        ),
        sa.ForeignKeyConstraint(
            ["order_id"], ["treatment_order.id"], name="fk_series_order_id_treatment_order"
        ),
        sa.ForeignKeyConstraint(
            ["patient_id"], ["patient.id"], name="fk_series_patient_id_patient"
        ),
        sa.ForeignKeyConstraint(
            ["protocol_id"], ["protocol.id"], name="fk_series_protocol_id_protocol"
        ),
        sa.ForeignKeyConstraint(
            ["request_id"], ["visit_request.id"], name="fk_series_request_id_visit_request"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_series"),
        sa.UniqueConstraint("request_id", name="uq_series_request_id"),
    )
    op.create_index("ix_series_patient_id", "series", ["patient_id"], unique=False)
    op.create_table(
        "attempt",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("series_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("level_number", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=24), nullable=False),
        sa.Column("mg_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("reference_kg_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("signed_hash", sa.String(length=64), nullable=True),
        sa.Column("signed_by", sa.Uuid(), nullable=True),
        sa.Column("signed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "state IN ('LOCKED', 'ELIGIBLE', 'DOSE_AUTHORISED', 'BOOKED', 'EN_ROUTE', 'PRE_CHECK', 'READY', 'ADMINISTERING', 'OBSERVING', 'DISCHARGED', 'OUTCOME_RECORDED', 'HELD', 'OMITTED', 'ABORTED', 'DEFERRED', 'MISSED')",
            name=op.f("ck_attempt_state_known"),
        ),
        sa.CheckConstraint(
            "(mg_sealed IS NULL) = (signed_hash IS NULL)", name=op.f("ck_attempt_mg_only_signed")
        ),
        sa.CheckConstraint(
            "number > 0 AND level_number > 0 AND attempt > 0",
            name=op.f("ck_attempt_counts_from_one"),
        ),
        sa.ForeignKeyConstraint(["series_id"], ["series.id"], name="fk_attempt_series_id_series"),
        sa.ForeignKeyConstraint(
            ["signed_by"], ["clinician.id"], name="fk_attempt_signed_by_clinician"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_attempt"),
        sa.UniqueConstraint(
            "series_id", "number", "attempt", name="uq_attempt_series_id_number_attempt"
        ),
    )
    op.create_index("ix_attempt_series_id", "attempt", ["series_id"], unique=False)
    op.create_index(
        "uq_attempt_one_authorised",
        "attempt",
        ["series_id"],
        unique=True,
        sqlite_where=sa.text(
            "state IN ('ADMINISTERING', 'BOOKED', 'DISCHARGED', 'DOSE_AUTHORISED', 'EN_ROUTE', 'OBSERVING', 'PRE_CHECK', 'READY')"
        ),
        postgresql_where=sa.text(
            "state IN ('ADMINISTERING', 'BOOKED', 'DISCHARGED', 'DOSE_AUTHORISED', 'EN_ROUTE', 'OBSERVING', 'PRE_CHECK', 'READY')"
        ),
    )
    op.create_table(
        "visit",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("request_id", sa.Uuid(), nullable=False),
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("address_id", sa.Uuid(), nullable=False),
        sa.Column("clinician_id", sa.Uuid(), nullable=False),
        sa.Column("service_code", sa.String(length=40), nullable=False),
        sa.Column("series_id", sa.Uuid(), nullable=True),
        sa.Column("number", sa.Integer(), nullable=True),
        sa.Column("attempt", sa.Integer(), nullable=True),
        sa.Column("on_day", sa.Date(), nullable=False),
        sa.Column("state", sa.String(length=24), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("window_starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("window_ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("timezone", sa.String(length=64), nullable=False),
        sa.Column("promise_version", sa.Integer(), nullable=False),
        sa.Column("reserved_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_by", sa.Uuid(), nullable=True),
        sa.Column("ended_reason_sealed", sa.LargeBinary(), nullable=True),
        sa.CheckConstraint(
            "(state = 'RESERVED') = (reserved_until IS NOT NULL)",
            name=op.f("ck_visit_reserved_until_when"),
        ),
        sa.CheckConstraint(
            "(state IN ('CANCELLED', 'NO_SHOW', 'EXPIRED', 'COMPLETED')) = (ended_at IS NOT NULL)",
            name=op.f("ck_visit_ended_when"),
        ),
        sa.CheckConstraint(
            "state IN ('RESERVED', 'TENTATIVE', 'BOOKED', 'EN_ROUTE', 'ARRIVED', 'STARTED', 'COMPLETED', 'CANCELLED', 'NO_SHOW', 'EXPIRED')",
            name=op.f("ck_visit_state_known"),
        ),
        sa.CheckConstraint("promise_version >= 1", name=op.f("ck_visit_version_counts")),
        sa.CheckConstraint("starts_at < ends_at", name=op.f("ck_visit_times_in_order")),
        sa.CheckConstraint("starts_at <= window_ends_at", name=op.f("ck_visit_not_after_window")),
        sa.CheckConstraint(
            "window_starts_at <= starts_at", name=op.f("ck_visit_not_before_window")
        ),
        sa.ForeignKeyConstraint(["address_id"], ["address.id"], name="fk_visit_address_id_address"),
        sa.ForeignKeyConstraint(
            ["clinician_id"], ["clinician.id"], name="fk_visit_clinician_id_clinician"
        ),
        sa.ForeignKeyConstraint(["patient_id"], ["patient.id"], name="fk_visit_patient_id_patient"),
        sa.ForeignKeyConstraint(
            ["request_id"], ["visit_request.id"], name="fk_visit_request_id_visit_request"
        ),
        sa.ForeignKeyConstraint(["series_id"], ["series.id"], name="fk_visit_series_id_series"),
        sa.ForeignKeyConstraint(
            ["service_code"], ["care_service.code"], name="fk_visit_service_code_care_service"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_visit"),
        sa.UniqueConstraint(
            "series_id", "number", "attempt", name="uq_visit_series_id_number_attempt"
        ),
    )
    op.create_index(
        "ix_visit_clinician_id_on_day", "visit", ["clinician_id", "on_day"], unique=False
    )
    op.create_index("ix_visit_patient_id", "visit", ["patient_id"], unique=False)
    op.create_index("ix_visit_request_id", "visit", ["request_id"], unique=False)
    op.create_index("ix_visit_series_id", "visit", ["series_id"], unique=False)
    op.create_table(
        "administration",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("attempt_id", sa.Uuid(), nullable=False),
        sa.Column("visit_id", sa.Uuid(), nullable=False),
        sa.Column("given_mg_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("notes_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("aborted", sa.Boolean(), nullable=False),
        sa.Column("recorded_by", sa.Uuid(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("entered_in_error_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("started_at <= ended_at", name=op.f("ck_administration_times_in_order")),
        sa.ForeignKeyConstraint(
            ["attempt_id"], ["attempt.id"], name="fk_administration_attempt_id_attempt"
        ),
        sa.ForeignKeyConstraint(
            ["visit_id"], ["visit.id"], name="fk_administration_visit_id_visit"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_administration"),
    )
    op.create_index("ix_administration_attempt_id", "administration", ["attempt_id"], unique=False)
    op.create_table(
        "call_task",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("dedupe_key", sa.String(length=200), nullable=False),
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("visit_id", sa.Uuid(), nullable=True),
        sa.Column("what", sa.String(length=200), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("done_by", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(
            ["patient_id"], ["patient.id"], name="fk_call_task_patient_id_patient"
        ),
        sa.ForeignKeyConstraint(["visit_id"], ["visit.id"], name="fk_call_task_visit_id_visit"),
        sa.PrimaryKeyConstraint("id", name="pk_call_task"),
        sa.UniqueConstraint("dedupe_key", name="uq_call_task_dedupe_key"),
    )
    op.create_index("ix_call_task_patient_id", "call_task", ["patient_id"], unique=False)
    op.create_table(
        "message",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("dedupe_key", sa.String(length=200), nullable=False),
        sa.Column("ref", sa.String(length=6), nullable=False),
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("visit_id", sa.Uuid(), nullable=True),
        sa.Column("promise_version", sa.Integer(), nullable=True),
        sa.Column("template", sa.String(length=24), nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("policy", sa.String(length=24), nullable=False),
        sa.Column("recipient_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("recipient_index", sa.String(length=64), nullable=False),
        sa.Column("body_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("timezone", sa.String(length=64), nullable=False),
        sa.Column("not_before", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(length=24), nullable=False),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("lease_token", sa.Uuid(), nullable=True),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("posted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("negative_looks", sa.Integer(), nullable=False),
        sa.Column("provider_sid", sa.String(length=64), nullable=True),
        sa.Column("rank", sa.Integer(), nullable=False),
        sa.Column("last_code", sa.String(length=24), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "(state = 'CLAIMED') <= (lease_token IS NOT NULL AND lease_until IS NOT NULL)",
            name=op.f("ck_message_claim_has_lease"),
        ),
        sa.CheckConstraint(
            "policy IN ('resend', 'never_twice')", name=op.f("ck_message_policy_known")
        ),
        sa.CheckConstraint(
            "state IN ('PENDING', 'CLAIMED', 'SENDING', 'UNKNOWN', 'ACCEPTED', 'SENT', 'DELIVERED', 'UNDELIVERED', 'FAILED', 'SUPPRESSED', 'CANCELLED', 'EXPIRED', 'UNCONFIRMED', 'NEEDS_PERSON')",
            name=op.f("ck_message_state_known"),
        ),
        sa.CheckConstraint(
            "template IN ('confirmation', 'series_planned', 'choose_time', 'reminder_7d', 'reminder_48h', 'reminder_24h', 'reminder_2h', 'moved', 'cancelled')",
            name=op.f("ck_message_template_known"),
        ),
        sa.CheckConstraint(
            "not_before <= expires_at", name=op.f("ck_message_useful_time_in_order")
        ),
        sa.ForeignKeyConstraint(
            ["patient_id"], ["patient.id"], name="fk_message_patient_id_patient"
        ),
        sa.ForeignKeyConstraint(["visit_id"], ["visit.id"], name="fk_message_visit_id_visit"),
        sa.PrimaryKeyConstraint("id", name="pk_message"),
        sa.UniqueConstraint("dedupe_key", name="uq_message_dedupe_key"),
        sa.UniqueConstraint("provider_sid", name="uq_message_provider_sid"),
        sa.UniqueConstraint("ref", name="uq_message_ref"),
    )
    op.create_index("ix_message_due", "message", ["state", "not_before"], unique=False)
    op.create_index("ix_message_patient_id", "message", ["patient_id"], unique=False)
    op.create_index("ix_message_visit_id", "message", ["visit_id"], unique=False)
    op.create_index(
        "uq_message_one_in_flight",
        "message",
        ["recipient_index"],
        unique=True,
        sqlite_where=sa.text("state IN ('SENDING', 'UNKNOWN')"),
        postgresql_where=sa.text("state IN ('SENDING', 'UNKNOWN')"),
    )
    op.create_table(
        "message_event",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("message_id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("before", sa.String(length=24), nullable=True),
        sa.Column("after", sa.String(length=24), nullable=False),
        sa.Column("note", sa.String(length=200), nullable=False),
        sa.ForeignKeyConstraint(
            ["message_id"], ["message.id"], name="fk_message_event_message_id_message"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_message_event"),
    )
    op.create_index("ix_message_event_message_id", "message_event", ["message_id"], unique=False)
    if op.get_bind().dialect.name == "postgresql":
        op.execute("CREATE EXTENSION IF NOT EXISTS btree_gist")
        op.execute(NO_OVERLAP)


def downgrade() -> None:
    op.drop_index("ix_message_event_message_id", table_name="message_event")
    op.drop_table("message_event")
    op.drop_index(
        "uq_message_one_in_flight",
        table_name="message",
        sqlite_where=sa.text("state IN ('SENDING', 'UNKNOWN')"),
        postgresql_where=sa.text("state IN ('SENDING', 'UNKNOWN')"),
    )
    op.drop_index("ix_message_visit_id", table_name="message")
    op.drop_index("ix_message_patient_id", table_name="message")
    op.drop_index("ix_message_due", table_name="message")
    op.drop_table("message")
    op.drop_index("ix_call_task_patient_id", table_name="call_task")
    op.drop_table("call_task")
    op.drop_index("ix_administration_attempt_id", table_name="administration")
    op.drop_table("administration")
    op.drop_index("ix_visit_series_id", table_name="visit")
    op.drop_index("ix_visit_request_id", table_name="visit")
    op.drop_index("ix_visit_patient_id", table_name="visit")
    op.drop_index("ix_visit_clinician_id_on_day", table_name="visit")
    op.drop_table("visit")
    op.drop_index(
        "uq_attempt_one_authorised",
        table_name="attempt",
        sqlite_where=sa.text(
            "state IN ('ADMINISTERING', 'BOOKED', 'DISCHARGED', 'DOSE_AUTHORISED', 'EN_ROUTE', 'OBSERVING', 'PRE_CHECK', 'READY')"
        ),
        postgresql_where=sa.text(
            "state IN ('ADMINISTERING', 'BOOKED', 'DISCHARGED', 'DOSE_AUTHORISED', 'EN_ROUTE', 'OBSERVING', 'PRE_CHECK', 'READY')"
        ),
    )
    op.drop_index("ix_attempt_series_id", table_name="attempt")
    op.drop_table("attempt")
    op.drop_index("ix_series_patient_id", table_name="series")
    op.drop_table("series")
    op.drop_index("ix_visit_request_patient_id", table_name="visit_request")
    op.drop_table("visit_request")
    op.drop_index("ix_treatment_order_patient_id", table_name="treatment_order")
    op.drop_table("treatment_order")
    op.drop_index("ix_weight_patient_id", table_name="weight")
    op.drop_table("weight")
    op.drop_index("ix_time_off_clinician_id", table_name="time_off")
    op.drop_table("time_off")
    op.drop_index("ix_skill_clinician_id", table_name="skill")
    op.drop_table("skill")
    op.drop_index("ix_shift_clinician_id", table_name="shift")
    op.drop_table("shift")
    op.drop_table("protocol")
    op.drop_index("ix_licence_clinician_id", table_name="licence")
    op.drop_table("licence")
    op.drop_index("ix_intake_patient_id", table_name="intake")
    op.drop_table("intake")
    op.drop_index("ix_consent_patient_id", table_name="consent")
    op.drop_table("consent")
    op.drop_table("clinician_day")
    op.drop_table("blocked_pair")
    op.drop_index("ix_api_token_account_id", table_name="api_token")
    op.drop_table("api_token")
    op.drop_index("ix_address_patient_id", table_name="address")
    op.drop_table("address")
    op.drop_index("ix_scope_rule_state", table_name="scope_rule")
    op.drop_table("scope_rule")
    op.drop_index("ix_patient_phone_index", table_name="patient")
    op.drop_table("patient")
    op.drop_index("ix_opt_out_recipient_index", table_name="opt_out")
    op.drop_table("opt_out")
    op.drop_table("lease")
    op.drop_table("idempotency")
    op.drop_table("compact_member")
    op.drop_table("clinician")
    op.drop_table("care_service")
    op.drop_index("ix_audit_patient_id", table_name="audit")
    op.drop_index("ix_audit_at", table_name="audit")
    op.drop_table("audit")
    op.drop_index("ix_account_person_id", table_name="account")
    op.drop_table("account")
