"""Dose arithmetic in exact decimals: cap first, round down on a tie, never above the cap."""

import re
from dataclasses import dataclass
from decimal import ROUND_FLOOR, ROUND_HALF_DOWN, Context, Decimal, localcontext

from scheduler.domain.errors import SchedulingError

POUNDS_PER_KG = Decimal("2.20462")
"""Source: NIST Handbook 44, appendix C (1 kg = 2.20462 lb)."""

_POUNDS_TOLERANCE = Decimal("0.06")
_EXACT = Context(prec=50)


class DoseRefused(SchedulingError):
    """The dose cannot be worked out or must not be given; the text says why."""

    code = "dose_refused"


@dataclass(frozen=True, slots=True)
class DoseRule:
    """One level of a protocol as arithmetic needs it.

    Either `mg_per_kg` or `fixed_mg` is set. `max_rate_mg_per_kg_h` limits mg per kg and hour over
    `minutes` of infusion and is turned into an mg cap before rounding.
    All numbers are Decimal; `step_mg` is the rounding step.
    """

    step_mg: Decimal
    absolute_max_mg: Decimal
    mg_per_kg: Decimal | None = None
    fixed_mg: Decimal | None = None
    minutes: int | None = None
    max_rate_mg_per_kg_h: Decimal | None = None

    def __post_init__(self) -> None:
        if (self.mg_per_kg is None) == (self.fixed_mg is None):
            raise ValueError("exactly one of mg_per_kg and fixed_mg must be set")
        for name in ("step_mg", "absolute_max_mg", "mg_per_kg", "fixed_mg", "max_rate_mg_per_kg_h"):
            value = getattr(self, name)
            if value is not None and (not value.is_finite() or value <= 0):
                raise ValueError(f"{name} must be positive")
        if self.max_rate_mg_per_kg_h is not None and not self.minutes:
            raise ValueError("a rate limit needs minutes of infusion")


@dataclass(frozen=True, slots=True)
class Dose:
    """A worked-out dose: `mg` to give, `raw_mg` before cap and rounding, and whether a cap held."""

    mg: Decimal
    raw_mg: Decimal
    capped: bool


def work_out_dose(rule: DoseRule, weight_kg: Decimal) -> Dose:
    """Return the dose for a weight.

    raw = kg x mg/kg (or the fixed mg); cap = min(absolute maximum, rate x kg x minutes / 60);
    the smaller is rounded to the step, ties down; above the cap it is rounded down instead.

    Raises:
        DoseRefused: the weight is not positive, or the rounded dose is nothing.
    """
    if not weight_kg.is_finite() or weight_kg <= 0:
        raise DoseRefused("The weight must be a positive number of kilograms.")
    with localcontext(_EXACT):
        raw = rule.fixed_mg if rule.fixed_mg is not None else (rule.mg_per_kg or 0) * weight_kg
        cap = _cap(rule, weight_kg)
        mg = _round(min(raw, cap), cap, rule.step_mg)
    if mg <= 0:
        raise DoseRefused("The dose rounds to nothing at this weight.")
    return Dose(mg, raw, capped=raw > cap)


def _cap(rule: DoseRule, weight_kg: Decimal) -> Decimal:
    caps = [rule.absolute_max_mg]
    if rule.max_rate_mg_per_kg_h is not None and rule.minutes is not None:
        caps.append(rule.max_rate_mg_per_kg_h * weight_kg * rule.minutes / 60)
    return min(caps)


def _round(mg: Decimal, cap: Decimal, step: Decimal) -> Decimal:
    steps = (mg / step).to_integral_value(rounding=ROUND_HALF_DOWN)
    if steps * step > cap:
        steps = (cap / step).to_integral_value(rounding=ROUND_FLOOR)
    return steps * step


def looks_like_pounds(old_kg: Decimal, new_kg: Decimal) -> bool:
    """Say whether two weights differ by about the factor between pounds and kilograms."""
    ratio = new_kg / old_kg
    return any(
        abs(ratio - factor) <= _POUNDS_TOLERANCE * factor
        for factor in (POUNDS_PER_KG, 1 / POUNDS_PER_KG)
    )


_ZEROS = re.compile(r"\.?0+$")


def format_number(value: Decimal) -> str:
    """Write a number the safe way: no trailing zero, a leading zero, a comma from 1,000.

    Source: ISMP List of Error-Prone Abbreviations, Symbols, and Dose Designations.
    """
    plain = f"{value:,f}"
    return _ZEROS.sub("", plain) if "." in plain else plain


def format_mg(value: Decimal) -> str:
    """Write a dose as people must read it: '36 mg', '0.5 mg', '1,250 mg'."""
    return f"{format_number(value)} mg"
