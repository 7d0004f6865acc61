"""Which test sends rubbish to which form: written by hand, held against every page that is sent."""

NO_FIELDS = "has no fields"
"""The form is a button alone: nothing that is sent with it is read."""

_PATIENT, _DOOR = "test_patient_rubbish", "test_patient_sign_in"
_DISPATCH, _SOL, _ROUTE = "test_dispatch_rubbish", "test_prescriber_pages", "test_route_pages"
_ADMIN = "test_admin_rubbish.test_rubbish_is_named_and_entries_are_kept"
_FILE = "test_admin_rubbish.test_rubbish_instead_of_a_file_is_refused"

FORMS: dict[str, str] = {
    "POST /sign-in": f"{_DOOR}.test_rubbish_at_the_door",
    "POST /sign-in/code": f"{_DOOR}.test_rubbish_at_the_door",
    "POST /sign-in/person": "test_every_form.test_rubbish_about_who_is_signing_in",
    "POST /sign-in/new": f"{_DOOR}.test_rubbish_about_somebody_new",
    "POST /sign-in/out": NO_FIELDS,
    "POST /staff/sign-in": "test_every_form.test_rubbish_at_the_door_of_the_staff",
    "POST /my/addresses/new": f"{_PATIENT}.test_another_address",
    "POST /my/requests/new": f"{_PATIENT}.test_what_and_when",
    "POST /my/requests/new/intake": f"{_PATIENT}.test_what_and_when",
    "POST /my/requests/new/check": f"{_PATIENT}.test_the_questions",
    "POST /my/requests/new/send": f"{_PATIENT}.test_the_page_that_sends",
    "POST /my/requests/<request_id>/days": f"{_PATIENT}.test_times_and_other_days",
    "POST /my/requests/<request_id>/times": f"{_PATIENT}.test_times_and_other_days",
    "POST /my/requests/<request_id>/plan": f"{_PATIENT}.test_a_plan",
    "POST /my/visits/<visit_id>/confirm": f"{_PATIENT}.test_confirming",
    "POST /my/visits/<visit_id>/move": f"{_PATIENT}.test_moving_and_cancelling",
    "POST /my/visits/<visit_id>/cancel": f"{_PATIENT}.test_moving_and_cancelling",
    "POST /dispatch/calls/<task_id>": f"{_DISPATCH}.test_what_came_of_a_call",
    "POST /dispatch/patients": f"{_DISPATCH}.test_looking_for_a_patient",
    "POST /dispatch/patients/new": f"{_DISPATCH}.test_a_new_patient",
    "POST /dispatch/patients/<patient_id>/code": NO_FIELDS,
    "POST /dispatch/patients/<patient_id>/ask": f"{_DISPATCH}.test_asking_by_phone",
    "POST /dispatch/patients/<patient_id>/addresses/new": f"{_DISPATCH}.test_a_further_address",
    "POST /dispatch/requests/<request_id>/assign": f"{_DISPATCH}.test_giving_a_visit_to_somebody",
    "POST /dispatch/requests/<request_id>/plan": f"{_DISPATCH}.test_taking_a_plan",
    "POST /dispatch/series/<series_id>/visits/<number>": (
        f"{_DISPATCH}.test_giving_a_visit_of_a_plan_its_time"
    ),
    "POST /dispatch/visits/<visit_id>/move": f"{_DISPATCH}.test_moving",
    "POST /dispatch/visits/<visit_id>/lock": f"{_DISPATCH}.test_locking_and_canceling",
    "POST /dispatch/visits/<visit_id>/unlock": NO_FIELDS,
    "POST /dispatch/visits/<visit_id>/cancel": f"{_DISPATCH}.test_locking_and_canceling",
    "POST /prescriber/requests/<request_id>": f"{_SOL}.test_rubbish_in_a_review_is_refused_by_name",
    "POST /prescriber/requests/<request_id>/order": (
        f"{_SOL}.test_rubbish_in_an_order_is_refused_by_name"
    ),
    "POST /prescriber/series/<series_id>": (
        f"{_SOL}.test_rubbish_in_a_decision_is_refused_by_name"
    ),
    "POST /prescriber/series/<series_id>/doses/<number>": (
        f"{_SOL}.test_rubbish_in_a_sign_off_is_refused_by_name"
    ),
    "POST /protocols/<protocol_id>/copy": (
        f"{_SOL}.test_rubbish_in_a_protocols_forms_is_refused_by_name"
    ),
    "POST /protocols/<protocol_id>/approval": (
        f"{_SOL}.test_rubbish_in_a_protocols_forms_is_refused_by_name"
    ),
    "POST /route/visits/<visit_id>/step": f"{_ROUTE}.test_an_unknown_step_is_refused",
    "POST /route/visits/<visit_id>/weight": f"{_ROUTE}.test_rubbish_is_refused_by_name",
    "POST /route/visits/<visit_id>/outcome": f"{_ROUTE}.test_rubbish_is_refused_by_name",
    "POST /route/visits/<visit_id>/door": f"{_ROUTE}.test_rubbish_is_refused_by_name",
    "POST /admin/clinicians/new": _ADMIN,
    "POST /admin/clinicians/<clinician_id>/edit": _ADMIN,
    "POST /admin/clinicians/<clinician_id>/skills": _ADMIN,
    "POST /admin/clinicians/<clinician_id>/licenses/new": _ADMIN,
    "POST /admin/clinicians/<clinician_id>/hours/new": _ADMIN,
    "POST /admin/clinicians/<clinician_id>/time-off/new": _ADMIN,
    "POST /admin/clinicians/<clinician_id>/deactivate": _ADMIN,
    "POST /admin/clinicians/<clinician_id>/reactivate": NO_FIELDS,
    "POST /admin/licenses/<licence_id>": _ADMIN,
    "POST /admin/licenses/<licence_id>/end": _ADMIN,
    "POST /admin/hours/<shift_id>/end": _ADMIN,
    "POST /admin/time-off/<time_off_id>/withdraw": NO_FIELDS,
    "POST /admin/services/new": _ADMIN,
    "POST /admin/services/<code>": _ADMIN,
    "POST /admin/scope/new": _ADMIN,
    "POST /admin/scope/compacts/<member_id>/off": _ADMIN,
    "POST /admin/scope/compacts/<member_id>/on": NO_FIELDS,
    "POST /admin/users/new": _ADMIN,
    "POST /admin/users/<account_id>/close": _ADMIN,
    "POST /admin/users/<account_id>/password": _ADMIN,
    "POST /admin/users/<account_id>/second-factor": _ADMIN,
    "POST /admin/users/<account_id>/sign-out": NO_FIELDS,
    "POST /admin/import": _FILE,
    "POST /admin/import/all": _FILE,
}
"""Every page that is sent, and the test that sends rubbish in each of its fields."""
