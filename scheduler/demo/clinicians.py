"""The demonstration's clinicians: three metropolitan areas, four states, two time zones."""

from dataclasses import dataclass
from datetime import time

from scheduler.domain.licensure import Credential

_ZIPS = {
    "KS": "66101 66102 66103 66104 66106 66109 66061 66062 66203 66204 66206 66210 66212 66213",
    "MO": "64105 64108 64111 64112 64113 64114 64116 64118 64130 64131 64151 64050 64063",
    "CO": "80202 80203 80205 80206 80209 80210 80211 80219 80220 80010 80012 80226 80030 80110",
    "TN": "37203 37204 37205 37206 37207 37209 37211 37214 37215 37027 37064 37115 37076",
}
ZIPS_BY_STATE = {state: tuple(codes.split()) for state, codes in _ZIPS.items()}
"""Real ZIP codes of the Kansas City, Denver and Nashville areas; the streets are made up."""

NURSE = "iv_start im_injection monitoring"
NO_IV = "im_injection monitoring"
PHYSICIAN = "Dr. Sol Example"
SIGN_IN_NURSE = "Ada Example"


@dataclass(frozen=True, slots=True)
class WorkingWeek:
    """Weekdays (0 is Monday) and hours of a weekly shift."""

    weekdays: tuple[int, ...]
    opens: time
    closes: time


EARLY = WorkingWeek((0, 1, 2, 3, 4), time(7), time(16))
DAY = WorkingWeek((0, 1, 2, 3, 4), time(8), time(18))
LATE = WorkingWeek((1, 2, 3, 4, 5), time(10), time(19, 30))
WEEKEND = WorkingWeek((3, 4, 5, 6, 0), time(8), time(17))


@dataclass(frozen=True, slots=True)
class ClinicianPlan:
    """One clinician; `licences` lists states, the home state first.

    After a state: `*` for a multistate licence, `-` for one that ran out, `~` for one that soon
    will. `off`: in time off from today.
    """

    name: str
    credential: Credential
    zip_code: str
    licences: str
    week: WorkingWeek
    skills: str = NURSE
    off: bool = False

    @property
    def home_state(self) -> str:
        """The state of residence, which a multistate licence follows."""
        return self.licences[:2]


_RN, _NP = Credential.RN, Credential.NP

CLINICIANS = (
    ClinicianPlan(SIGN_IN_NURSE, _RN, "66101", "KS*", DAY),
    ClinicianPlan("Bea Example", _RN, "66210", "KS*", EARLY),
    ClinicianPlan("Cy Example", _RN, "64108", "MO*", LATE),
    ClinicianPlan("Dee Example", _RN, "66062", "KS", WEEKEND),
    ClinicianPlan("Eli Example", _RN, "66203", "KS", DAY),
    ClinicianPlan("Fay Example", _RN, "64114", "MO~", EARLY),
    ClinicianPlan("Gus Example", _RN, "64118", "MO-", DAY),
    ClinicianPlan("Hal Example", _RN, "64131", "MO*", DAY, skills=NO_IV),
    ClinicianPlan("Ida Example", _RN, "64050", "MO*", WEEKEND, off=True),
    ClinicianPlan("Jo Example", Credential.PARAMEDIC, "66104", "KS", LATE),
    ClinicianPlan("Kit Example", _NP, "66206", "KS MO", DAY),
    ClinicianPlan(PHYSICIAN, Credential.MD, "64112", "MO KS CO TN", EARLY),
    ClinicianPlan("Lou Example", _RN, "80205", "CO*", EARLY),
    ClinicianPlan("Mae Example", _RN, "80210", "CO*", DAY),
    ClinicianPlan("Ned Example", _RN, "80226", "CO", LATE),
    ClinicianPlan("Ora Example", _RN, "80012", "CO*", WEEKEND),
    ClinicianPlan("Pia Example", _RN, "80030", "CO", DAY),
    ClinicianPlan("Quin Example", _NP, "80206", "CO", DAY),
    ClinicianPlan("Rex Example", _RN, "37203", "TN*", DAY),
    ClinicianPlan("Tia Example", _RN, "37211", "TN*", EARLY),
    ClinicianPlan("Una Example", _RN, "37064", "TN", LATE),
    ClinicianPlan("Vic Example", _RN, "37076", "TN*", WEEKEND),
    ClinicianPlan("Wes Example", Credential.LPN, "37207", "TN*", DAY, skills=NO_IV),
    ClinicianPlan("Zoe Example", _NP, "37215", "TN", DAY),
)
