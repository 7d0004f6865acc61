"""Places: points, states, ZIP codes and addresses."""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import ClassVar

from scheduler.domain.errors import SchedulingError

EARTH_RADIUS_KM = 6371.0


class UnknownZip(SchedulingError):
    """No such ZIP code is in the table."""

    code = "unknown_zip"
    field: ClassVar[str | None] = "zip_code"


class AddressNotFound(SchedulingError):
    """The address cannot be placed."""

    code = "address_not_found"
    field: ClassVar[str | None] = "street"


class StateMismatch(SchedulingError):
    """The address names a state that its ZIP code does not touch."""

    code = "state_mismatch"
    field: ClassVar[str | None] = "state"


@dataclass(frozen=True, slots=True)
class Point:
    """A point on Earth in degrees; raises ValueError for one that is not."""

    latitude: float
    longitude: float

    def __post_init__(self) -> None:
        for name, limit in (("latitude", 90.0), ("longitude", 180.0)):
            value = getattr(self, name)
            if not math.isfinite(value) or abs(value) > limit:
                raise ValueError(f"{name} must lie between -{limit:g} and {limit:g} degrees")


def great_circle_km(a: Point, b: Point) -> float:
    """Return the great-circle distance in kilometres.

    Haversine formula (Sinnott 1984, "Virtues of the Haversine"), Earth radius 6,371 km.
    """
    lat_a, lat_b = math.radians(a.latitude), math.radians(b.latitude)
    half_lat = (lat_b - lat_a) / 2
    half_lon = math.radians(b.longitude - a.longitude) / 2
    square = math.sin(half_lat) ** 2 + math.cos(lat_a) * math.cos(lat_b) * math.sin(half_lon) ** 2
    return 2 * EARTH_RADIUS_KM * math.asin(min(1.0, math.sqrt(square)))


_NAMES = """
AL Alabama|AK Alaska|AZ Arizona|AR Arkansas|CA California|CO Colorado|CT Connecticut|DE Delaware
DC District of Columbia|FL Florida|GA Georgia|HI Hawaii|ID Idaho|IL Illinois|IN Indiana|IA Iowa
KS Kansas|KY Kentucky|LA Louisiana|ME Maine|MD Maryland|MA Massachusetts|MI Michigan|MN Minnesota
MS Mississippi|MO Missouri|MT Montana|NE Nebraska|NV Nevada|NH New Hampshire|NJ New Jersey
NM New Mexico|NY New York|NC North Carolina|ND North Dakota|OH Ohio|OK Oklahoma|OR Oregon
PA Pennsylvania|RI Rhode Island|SC South Carolina|SD South Dakota|TN Tennessee|TX Texas|UT Utah
VT Vermont|VA Virginia|WA Washington|WV West Virginia|WI Wisconsin|WY Wyoming|PR Puerto Rico
VI U.S. Virgin Islands|GU Guam|AS American Samoa|MP Northern Mariana Islands
"""

STATES: Mapping[str, str] = MappingProxyType(
    {entry[:2]: entry[3:] for entry in re.split(r"[|\n]", _NAMES.strip())}
)
"""Postal code to name: the states, DC and the five inhabited territories (USPS Publication 28)."""

_BY_NAME = {name.lower(): code for code, name in STATES.items()}
_ZIP = re.compile(r"(\d{5})(?:-\d{4})?")


def parse_state(text: str) -> str:
    """Return the postal code for a code or name in any case; raises ValueError otherwise."""
    cleaned = " ".join(text.split())
    if cleaned.upper() in STATES:
        return cleaned.upper()
    if cleaned.lower() in _BY_NAME:
        return _BY_NAME[cleaned.lower()]
    raise ValueError("must be a US state or territory, such as KS or Kansas")


def parse_zip(text: str) -> str:
    """Return the five digits of a ZIP or ZIP+4; raises ValueError otherwise."""
    match = _ZIP.fullmatch(text.strip())
    if match is None or not text.strip().isascii():
        raise ValueError("must be a five-digit ZIP code, such as 64108")
    return match[1]


@dataclass(frozen=True, slots=True)
class ZipArea:
    """What is known of a ZIP code: its usual place name, state, point and IANA zone.

    `states` are all states that the area may touch, `state` among them.
    """

    zip_code: str
    place: str
    state: str
    states: frozenset[str]
    point: Point
    timezone: str

    @property
    def crosses_state_line(self) -> bool:
        """Say whether the full address is needed to know the state."""
        return len(self.states) > 1


@dataclass(frozen=True, slots=True)
class PostalAddress:
    """An address as people write it."""

    street: str
    city: str
    state: str
    zip_code: str
    unit: str = ""


class Precision(StrEnum):
    """How closely an address was placed."""

    ZIP = "zip"
    STREET = "street"


@dataclass(frozen=True, slots=True)
class Place:
    """A located address. The state is the address's own, never a polygon's."""

    point: Point
    state: str
    zip_code: str
    timezone: str
    precision: Precision
