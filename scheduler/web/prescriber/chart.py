"""The chart of a series' doses as shapes on a sheet; the template draws them as SVG."""

from dataclasses import dataclass
from decimal import Decimal

from scheduler.domain.timing import local_day
from scheduler.services.dose_review import DoseToAuthorise
from scheduler.services.series_review import SeriesReview
from scheduler.web.presenters import day_words

BAR_WIDTH = 44
STEP = 84
ROOM_ABOVE = 26
ROOM_BELOW = 48
HIGHEST = 120


@dataclass(frozen=True, slots=True)
class Bar:
    """One dose: where its bar stands, and its words. `kind` is given, stopped or next."""

    x: int
    middle: int
    y: float
    height: float
    mg: Decimal
    day: str
    kind: str


@dataclass(frozen=True, slots=True)
class Chart:
    """A sheet of `width` by `height` units with its bars; `ground` is where they stand."""

    width: int
    height: int
    ground: int
    bars: tuple[Bar, ...]


def draw(series: SeriesReview, dose: DoseToAuthorise | None = None) -> Chart | None:
    """Return the doses given, and the one to sign off; None where there is nothing to compare."""
    zone = series.patient.zone
    columns = [
        (line.mg, day_words(local_day(line.started_at, zone)), _kind(aborted=line.aborted))
        for line in series.given
    ]
    if not columns:
        return None
    if dose is not None and dose.mg is not None:
        columns.append((dose.mg, day_words(local_day(dose.starts_at, dose.timezone)), "next"))
    top = max(mg for mg, _, _ in columns) or Decimal(1)
    ground = ROOM_ABOVE + HIGHEST
    bars = tuple(
        _bar(at, column, float(column[0] / top) * HIGHEST, ground)
        for at, column in enumerate(columns)
    )
    return Chart(STEP * len(bars), ground + ROOM_BELOW, ground, bars)


def _kind(*, aborted: bool) -> str:
    return "stopped" if aborted else "given"


def _bar(at: int, column: tuple[Decimal, str, str], height: float, ground: int) -> Bar:
    x = at * STEP + (STEP - BAR_WIDTH) // 2
    tall = round(height, 1)
    return Bar(x, x + BAR_WIDTH // 2, round(ground - tall, 1), tall, *column)
