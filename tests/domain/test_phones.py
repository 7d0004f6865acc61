"""Phone numbers are written as people in the US write them."""

import pytest

from scheduler.domain.phones import phone_words


@pytest.mark.parametrize(
    ("kept", "written"),
    [
        ("+18165550143", "(816) 555-0143"),
        ("816-555-0100", "(816) 555-0100"),
        ("(816) 555-0100", "(816) 555-0100"),
        ("1 816 555 0100", "(816) 555-0100"),
        ("911", "911"),
        ("+442079460018", "+442079460018"),
        ("", ""),
    ],
)
def test_a_number_is_written_as_people_write_it(kept: str, written: str) -> None:
    assert phone_words(kept) == written
