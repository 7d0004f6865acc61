"""The provider's own client against a provider that refuses and fails."""

import json
import logging
import socket
from collections.abc import Iterator
from urllib.request import urlopen

import pytest

from scheduler.adapters.sms import OutboxPageSender, TwilioSender
from scheduler.ports import Accepted, SendLater, SendRefused, SendUnknown
from tests.standin.contract import described_fields, undocumented
from tests.standin.provider import (
    ACCOUNT_SID,
    SERVICE_SID,
    TOKEN,
    Fault,
    Provider,
    provider_running,
)

PHONE, BODY, REF = "+18165550142", "Oak Home Visits: see you Tue Oct 27. Ref K3F9QX", "K3F9QX"


@pytest.fixture
def provider() -> Iterator[Provider]:
    with provider_running() as provider:
        yield provider


def sender_to(url: str, **changes: object) -> TwilioSender:
    settings: dict[str, object] = {
        "messaging_service_sid": SERVICE_SID,
        "base_url": url,
        "timeout_seconds": 5.0,
    }
    return TwilioSender(ACCOUNT_SID, TOKEN, **(settings | changes))  # type: ignore[arg-type]


def dump(provider: Provider) -> list[dict[str, str]]:
    with urlopen(f"{provider.url}/dump") as answer:  # noqa: S310 # our own address
        told = json.load(answer)
    accepted: list[dict[str, str]] = told["accepted"]
    return accepted


def test_an_accepted_text_has_the_providers_name_for_it(provider: Provider) -> None:
    accepted = sender_to(provider.url).send(PHONE, BODY, REF)
    (kept,) = dump(provider)
    assert accepted == Accepted(kept["sid"])
    assert kept == {
        "sid": accepted.sid,
        "To": PHONE,
        "Body": BODY,
        "MessagingServiceSid": SERVICE_SID,
    }


def test_a_trial_sends_from_its_number(provider: Provider) -> None:
    sender_to(provider.url, messaging_service_sid=None, from_number="+15005550006").send(
        PHONE, BODY, REF
    )
    assert dump(provider)[0]["From"] == "+15005550006"


@pytest.mark.skipif(described_fields() is None, reason="the provider's API description is absent")
def test_only_documented_fields_pass() -> None:
    assert undocumented({"To": PHONE, "Body": BODY, "IdempotencyKey": "1"}) == [
        "IdempotencyKey is not documented"
    ]


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        (Fault.OPTED_OUT, "21610"),
        (Fault.BAD_NUMBER, "21211"),
        (Fault.NO_MOBILE, "21614"),
        (Fault.PROBLEM_JSON, "21610"),
    ],
)
def test_what_the_provider_will_never_take_is_refused(
    provider: Provider, fault: Fault, code: str
) -> None:
    provider.plan(fault)
    with pytest.raises(SendRefused) as refused:
        sender_to(provider.url).send(PHONE, BODY, REF)
    assert refused.value.provider_code == code
    assert dump(provider) == []


def test_too_many_requests_may_be_sent_later(provider: Provider) -> None:
    provider.plan(Fault.TOO_MANY)
    with pytest.raises(SendLater):
        sender_to(provider.url).send(PHONE, BODY, REF)
    assert dump(provider) == []


@pytest.mark.parametrize(
    ("fault", "left"),
    [
        (Fault.FAILS_BEFORE, 0),
        (Fault.FAILS_AFTER, 1),
        (Fault.RESET_BEFORE, 0),
        (Fault.RESET_AFTER, 1),
        (Fault.TRUNCATED, 1),
        (Fault.NO_SID, 1),
    ],
)
def test_a_lost_answer_is_neither_yes_nor_no(provider: Provider, fault: Fault, left: int) -> None:
    provider.plan(fault)
    with pytest.raises(SendUnknown):
        sender_to(provider.url).send(PHONE, BODY, REF)
    assert provider.requests == 1  # the library did not try again by itself
    assert len(dump(provider)) == left


def test_a_silent_provider_is_left_after_the_time_limit(provider: Provider) -> None:
    provider.plan(Fault.HANGS)
    with pytest.raises(SendUnknown):
        sender_to(provider.url, timeout_seconds=0.2).send(PHONE, BODY, REF)
    assert len(dump(provider)) == 1


def test_a_closed_port_took_nothing() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
        with pytest.raises(SendLater):
            sender_to(url).send(PHONE, BODY, REF)


def test_a_name_that_is_not_found_took_nothing() -> None:
    with pytest.raises(SendLater):
        sender_to("http://no-such-host.invalid").send(PHONE, BODY, REF)


def test_refused_credentials_raise_an_alarm_and_wait(
    provider: Provider, caplog: pytest.LogCaptureFixture
) -> None:
    provider.plan(Fault.UNAUTHORIZED)
    with pytest.raises(SendLater):
        sender_to(provider.url).send(PHONE, BODY, REF)
    assert [record.levelname for record in caplog.records if "credentials" in record.message] == [
        "ERROR"
    ]


def test_no_number_and_no_text_reaches_the_log(
    provider: Provider, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO):
        provider.plan(None, Fault.OPTED_OUT, Fault.FAILS_AFTER)
        sender = sender_to(provider.url)
        sender.send(PHONE, BODY, REF)
        for refusal in (SendRefused, SendUnknown):
            with pytest.raises(refusal):
                sender.send(PHONE, BODY, REF)
        OutboxPageSender().send(PHONE, BODY, REF)
    assert PHONE not in caplog.text
    assert "Oak Home" not in caplog.text


def test_without_credentials_every_text_stays_here() -> None:
    first, second = (OutboxPageSender().send(PHONE, BODY, REF) for _ in range(2))
    assert first.sid.startswith("LOCAL")
    assert first != second
