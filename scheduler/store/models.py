"""Every table, so that the metadata is whole wherever it is needed."""

from scheduler.store import audit, clinicians, messages, people, rules, treatment, visits
from scheduler.store.base import Base

METADATA = Base.metadata
TABLE_MODULES = (audit, clinicians, messages, people, rules, treatment, visits)
