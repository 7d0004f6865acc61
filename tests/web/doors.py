"""The doors that people of tests go in by: a password, or a phone and a birth date."""

import re

from tests.web.hands import Person

_CODE = re.compile(r"Your code is (\d{6})")


def enter_as_staff(person: Person, email: str, password: str) -> None:
    """Sign in as somebody of the staff; a password that was given too often has to wait."""
    for _ in range(person.tries):
        person.open("/staff/sign-in")
        if "/sign-in" not in person.page.url:
            return  # signed in before
        person.write("email", email)
        person.write("password", password)
        person.press("Sign in")
        if "/sign-in" not in person.page.url:
            return
        person.wait()
    raise AssertionError(f"nobody is signed in: {person.told}")


def prove_phone(person: Person, phone: str) -> None:
    """Prove a phone by the code that the demonstration shows, or by another one if need be.

    After too many codes none is shown for a while.
    """
    for _ in range(person.tries):
        person.open("/sign-in")
        person.write("phone", phone)
        person.press("Text me a code")
        code = _CODE.search(person.told)
        if code is None:
            person.wait()
            continue
        person.write("code", code[1])
        person.press("Go on")
        if not person.page.url.endswith("/code"):
            return
    raise AssertionError(f"the phone is not proven: {person.told}")


def say_who(person: Person, first_name: str, born: str) -> None:
    """Say who is signing in at a proven phone; `born` as YYYY-MM-DD."""
    label = person.page.locator("label", has_text=re.compile(f"^{first_name}$"))
    person.tick(f"#{label.get_attribute('for')}")
    person.write("birth_date", born)
    person.press("Go on")


def enter_as_patient(person: Person, phone: str, first_name: str, born: str) -> None:
    """Sign in as a patient whom the practice knows."""
    prove_phone(person, phone)
    say_who(person, first_name, born)
    person.page.wait_for_url("**/my**")
