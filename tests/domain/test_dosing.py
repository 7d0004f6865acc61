"""Dose arithmetic: the vectors by hand, and an independent rational calculation."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduler.domain.dosing import (
    DoseRefused,
    DoseRule,
    format_mg,
    looks_like_pounds,
    work_out_dose,
)

NO_LIMIT = Decimal(1000)


@pytest.mark.parametrize(
    ("kg", "mg_per_kg", "expected"),
    [
        ("72.4", "0.5", "36"),  # 36.2
        ("82", "0.75", "61"),  # 61.5: a tie goes down
        ("81", "0.75", "61"),  # 60.75
        ("104.3", "0.9", "94"),  # 93.87
    ],
)
def test_the_vectors(kg: str, mg_per_kg: str, expected: str) -> None:
    rule = DoseRule(step_mg=Decimal(1), absolute_max_mg=NO_LIMIT, mg_per_kg=Decimal(mg_per_kg))
    assert work_out_dose(rule, Decimal(kg)).mg == Decimal(expected)


def test_the_rate_limit_caps_before_rounding() -> None:
    # 82.4 kg x 0.75 = 61.8; 1 mg/kg/h over 45 min allows 61.8; rounding up to 62 would pass it
    rule = DoseRule(
        step_mg=Decimal(1),
        absolute_max_mg=NO_LIMIT,
        mg_per_kg=Decimal("0.75"),
        minutes=45,
        max_rate_mg_per_kg_h=Decimal(1),
    )
    assert work_out_dose(rule, Decimal("82.4")).mg == Decimal(61)


@pytest.mark.parametrize("kg", ["0", "-70", "NaN", "Infinity"])
def test_a_weight_that_cannot_be_gives_no_dose(kg: str) -> None:
    rule = DoseRule(step_mg=Decimal(1), absolute_max_mg=NO_LIMIT, mg_per_kg=Decimal("0.5"))
    with pytest.raises(DoseRefused):
        work_out_dose(rule, Decimal(kg))


def test_a_dose_that_rounds_to_nothing_is_refused() -> None:
    rule = DoseRule(step_mg=Decimal(10), absolute_max_mg=NO_LIMIT, mg_per_kg=Decimal("0.01"))
    with pytest.raises(DoseRefused):
        work_out_dose(rule, Decimal(70))


decimals = st.decimals("0.01", "5", places=3)


@given(
    kg=st.decimals("1", "400", places=2),
    mg_per_kg=decimals,
    step=st.sampled_from([Decimal("0.1"), Decimal("0.5"), Decimal(1), Decimal(5)]),
    most=st.decimals("1", "500", places=1),
    minutes=st.integers(5, 240),
    rate=decimals,
)
def test_never_above_the_cap_and_never_rounded_up_past_a_tie(
    *, kg: Decimal, mg_per_kg: Decimal, step: Decimal, most: Decimal, minutes: int, rate: Decimal
) -> None:
    rule = DoseRule(step, most, mg_per_kg, None, minutes, rate)
    raw = Fraction(kg) * Fraction(mg_per_kg)
    cap = min(Fraction(most), Fraction(rate) * Fraction(kg) * minutes / 60)
    try:
        mg = Fraction(work_out_dose(rule, kg).mg)
    except DoseRefused:
        mg = Fraction(0)
    wanted = min(raw, cap)
    steps = wanted / Fraction(step)
    nearest = steps.__floor__() + (1 if steps - steps.__floor__() > Fraction(1, 2) else 0)
    if nearest * Fraction(step) > cap:
        nearest = (cap / Fraction(step)).__floor__()
    assert mg == nearest * Fraction(step)
    assert mg <= cap


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("40", "40 mg"),
        ("4E+1", "40 mg"),
        ("0.50", "0.5 mg"),
        (".5", "0.5 mg"),
        ("36.0", "36 mg"),
        ("1250", "1,250 mg"),
        ("100", "100 mg"),
    ],
)
def test_doses_are_written_the_safe_way(value: str, written: str) -> None:
    assert format_mg(Decimal(value)) == written


@given(st.decimals("0.001", "99999", places=3))
def test_no_trailing_zero_no_bare_point_no_exponent(value: Decimal) -> None:
    number = format_mg(value).removesuffix(" mg")
    assert "E" not in number.upper()
    assert not number.startswith(".")
    assert "." not in number or number[-1] not in "0."
    assert Decimal(number.replace(",", "")) == value


@pytest.mark.parametrize(
    ("old", "new", "pounds"),
    [("72.6", "160", True), ("160", "72.6", True), ("72.4", "73", False), ("72.4", "100", False)],
)
def test_a_weight_in_pounds_is_noticed(old: str, new: str, *, pounds: bool) -> None:
    assert looks_like_pounds(Decimal(old), Decimal(new)) is pounds


def test_a_rule_with_two_bases_is_refused() -> None:
    with pytest.raises(ValueError, match="exactly one"):
        DoseRule(Decimal(1), NO_LIMIT, Decimal(1), Decimal(1))
