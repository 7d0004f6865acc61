"""Who carries texts: the embedded outbox by default, Twilio when it is set up."""

import logging
import re
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

import requests
from twilio.base.exceptions import TwilioRestException, TwilioServiceException
from twilio.http.http_client import TwilioHttpClient
from twilio.http.response import Response
from twilio.rest import Client
from urllib3.exceptions import NewConnectionError

from scheduler.ports import Accepted, SendLater, SendRefused, SendUnknown

_LOG = logging.getLogger(__name__)
TIMEOUT_SECONDS = 10.0
_SID = re.compile(r"(SM|MM)[0-9a-fA-F]{32}")
_CREDENTIALS = {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}


class OutboxPageSender:
    """Keeps texts in the outbox, where staff can read them; nothing leaves the machine."""

    name = "outbox"

    def send(self, to: str, body: str, ref: str) -> Accepted:
        """Accept every text."""
        return Accepted(f"LOCAL{uuid4().hex}")


class TimedHttpClient(TwilioHttpClient):  # type: ignore[misc]
    """The library's HTTP client with a time limit and, for stand-ins, another base address."""

    def __init__(self, base_url: str | None, timeout: float) -> None:
        super().__init__(timeout=timeout, max_retries=0)
        self._base = urlsplit(base_url) if base_url else None

    def request(self, method: str, url: str, *args: Any, **kwargs: Any) -> Response:
        """Make the request at the configured address."""
        if self._base is not None:
            parts = urlsplit(url)
            url = urlunsplit((self._base.scheme, self._base.netloc, *parts[2:]))
        return super().request(method, url, *args, **kwargs)


class TwilioSender:
    """Sends by Twilio, whose Messages API has no idempotency key: doubt is not resolved here."""

    name = "twilio"

    def __init__(
        self,
        account_sid: str,
        auth_token: str,
        *,
        messaging_service_sid: str | None = None,
        from_number: str | None = None,
        base_url: str | None = None,
        timeout_seconds: float = TIMEOUT_SECONDS,
    ) -> None:
        logging.getLogger("twilio.http_client").setLevel(logging.WARNING)
        http = TimedHttpClient(base_url, timeout_seconds)
        self._client = Client(account_sid, auth_token, http_client=http)
        self._origin = (
            {"messaging_service_sid": messaging_service_sid}
            if messaging_service_sid
            else {"from_": from_number}
        )

    def send(self, to: str, body: str, ref: str) -> Accepted:
        """Send one text; raises SendLater, SendRefused or SendUnknown as the answer allows."""
        try:
            message = self._client.messages.create(to=to, body=body, **self._origin)
        except (TwilioRestException, TwilioServiceException) as error:
            raise _refusal(error) from None
        except requests.exceptions.ConnectTimeout:
            raise SendLater("the provider could not be reached") from None
        except requests.exceptions.ConnectionError as error:
            raise _connection_refusal(error) from None
        except Exception:
            raise SendUnknown("the provider's answer was lost") from None
        if not _SID.fullmatch(str(message.sid)):
            raise SendUnknown("the provider answered without an id")
        return Accepted(message.sid)


def _refusal(error: TwilioRestException | TwilioServiceException) -> Exception:
    if error.status == HTTPStatus.TOO_MANY_REQUESTS:
        return SendLater("the provider asks to slow down")
    if error.status in _CREDENTIALS:
        _LOG.error("the provider refuses our credentials")
        return SendLater("the provider refuses our credentials")
    if HTTPStatus.BAD_REQUEST <= error.status < HTTPStatus.INTERNAL_SERVER_ERROR:
        return SendRefused("the provider refuses this message", str(error.code or error.status))
    return SendUnknown("the provider failed")


def _connection_refusal(error: requests.exceptions.ConnectionError) -> Exception:
    """A connection that never came about carried nothing; one that broke may have."""
    cause = error.args[0] if error.args else None
    if isinstance(getattr(cause, "reason", cause), NewConnectionError):  # a name not found is one
        return SendLater("the provider could not be reached")
    return SendUnknown("the connection broke")
