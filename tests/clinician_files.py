"""CSV files of fictitious clinicians for tests."""

from datetime import date

from scheduler.domain.clinician_csv import COLUMNS

TODAY = date(2026, 10, 20)
HEADER = ",".join(COLUMNS)
ADA = (
    "Ada Example,RN,12 Fiction Street,Kansas City,KS,66101,"
    "KS:A-1:multi:2026-01-01:2027-12-31;MO:A-2:single:2026-01-01:2027-12-31,"
    "IV start;monitoring,mon-fri 08:00-17:00,4,180,30 11:00-14:30,yes"
)
CY = "Cy Example,np,,Kansas City,Missouri,64108,MO:C-1:single:2026-01-01:2027-12-31,,,3,90,,"


def file_of(*lines: str) -> str:
    """Return a file with the header and these lines."""
    return "\n".join((HEADER, *lines)) + "\n"
