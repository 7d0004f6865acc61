"""Coverage, patients and their addresses."""

from uuid import UUID

from flask import Blueprint
from flask.typing import ResponseReturnValue

from scheduler.domain.geography import PostalAddress
from scheduler.services.coverage import check_coverage
from scheduler.services.intake import NewPatient, add_address, register_patient
from scheduler.web.api.describing import described
from scheduler.web.api.given import CoverageOut, Created, PatientOut, ServiceOut
from scheduler.web.api.presenting import answer
from scheduler.web.api.problems import body, query
from scheduler.web.api.taken import AddressIn, CoverageQuery, NewAddress, PatientIn
from scheduler.web.wiring import current_desk, public_desk

bp = Blueprint("patients", __name__)


@bp.get("/coverage")
@described(answers=CoverageOut, query=CoverageQuery, public=True)
def coverage() -> ResponseReturnValue:
    """Say whether the practice comes to a ZIP area."""
    found = check_coverage(public_desk(), query(CoverageQuery).zip_code)
    return answer(
        CoverageOut(
            zip_code=found.area.zip_code,
            place=found.area.place,
            state=found.area.state,
            timezone=found.area.timezone,
            served=found.served,
            ask_address=found.ask_address,
            services=[ServiceOut.model_validate(each) for each in found.services],
        )
    )


def _postal(address: AddressIn) -> PostalAddress:
    return PostalAddress(
        address.street, address.city, address.state, address.zip_code, address.unit
    )


@bp.post("/patients")
@described(PatientIn, PatientOut, 201)
def register() -> ResponseReturnValue:
    """Register a patient with a first address."""
    new = body(PatientIn)
    patient_id, address_id = register_patient(
        current_desk(),
        NewPatient(
            new.name,
            new.birth_date,
            new.phone,
            _postal(new.address),
            new.access,
            new.sms_consent,
        ),
    )
    return answer(PatientOut(id=patient_id, address_id=address_id), 201)


@bp.post("/patients/<uuid:patient_id>/addresses")
@described(NewAddress, Created, 201)
def add(patient_id: UUID) -> ResponseReturnValue:
    """Add a visit address."""
    new = body(NewAddress)
    made = add_address(current_desk(), patient_id, new.label, _postal(new))
    return answer(Created(id=made), 201)
