"""Every table, so that the metadata is whole wherever it is needed."""

from sqlalchemy import DDL, event

from scheduler.store import (
    audit,
    clinicians,
    drives,
    messages,
    people,
    rules,
    sign_in,
    treatment,
    visits,
)
from scheduler.store.base import Base

METADATA = Base.metadata
TABLE_MODULES = (audit, clinicians, drives, messages, people, rules, sign_in, treatment, visits)

event.listen(
    METADATA,
    "before_create",
    DDL("CREATE EXTENSION IF NOT EXISTS btree_gist").execute_if(  # type: ignore[no-untyped-call]
        dialect="postgresql"
    ),
)
