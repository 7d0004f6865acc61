"""The life of a visit, against a table written by hand."""

import pytest

from scheduler.domain.errors import IllegalTransition
from scheduler.domain.visits import TAKES_CAPACITY, VisitEvent, VisitState, next_state

EXPECTED = """
RESERVED  confirm    BOOKED
RESERVED  plan       TENTATIVE
RESERVED  cancel     CANCELLED
RESERVED  expire     EXPIRED
TENTATIVE confirm    BOOKED
TENTATIVE cancel     CANCELLED
BOOKED    lock again TENTATIVE
BOOKED    set out    EN_ROUTE
BOOKED    cancel     CANCELLED
EN_ROUTE  arrive     ARRIVED
EN_ROUTE  cancel     CANCELLED
ARRIVED   start      STARTED
ARRIVED   no show    NO_SHOW
ARRIVED   cancel     CANCELLED
STARTED   complete   COMPLETED
"""
TABLE = {
    (line.split()[0], " ".join(line.split()[1:-1])): line.split()[-1]
    for line in EXPECTED.strip().splitlines()
}


@pytest.mark.parametrize("state", VisitState)
@pytest.mark.parametrize("event", VisitEvent)
def test_every_state_and_event(state: VisitState, event: VisitEvent) -> None:
    expected = TABLE.get((state.value, event.value))
    if expected is None:
        with pytest.raises(IllegalTransition):
            next_state(state, event)
    else:
        assert next_state(state, event).value == expected


def test_what_has_ended_takes_no_capacity() -> None:
    ended = {"COMPLETED", "CANCELLED", "NO_SHOW", "EXPIRED"}
    assert {state.value for state in VisitState} - {s.value for s in TAKES_CAPACITY} == ended
