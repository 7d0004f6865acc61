"""What the software does on its own: each job is safe to run twice, the rows are the truth."""

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy.orm import Session

from scheduler.ports import Ports
from scheduler.services.booking import end_expired_reservations
from scheduler.services.dispatch import dispatch_due


@dataclass(frozen=True, slots=True)
class Job:
    """Something to do every so many seconds."""

    name: str
    seconds: float
    run: Callable[[Session, Ports], object]


def _send_messages(session: Session, ports: Ports) -> object:
    return dispatch_due(session, ports.sms, ports.clock)


def _end_reservations(session: Session, ports: Ports) -> object:
    return end_expired_reservations(session, ports.clock)


JOBS = (
    Job("send messages", 2, _send_messages),
    Job("end expired reservations", 30, _end_reservations),
)
