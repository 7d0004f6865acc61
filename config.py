"""Settings from the environment, checked at start; no weak secrets outside the demo."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

ROOT = Path(__file__).resolve().parent
KEY_BYTES = 32


class SettingsError(ValueError):
    """A setting cannot be used; the text names it."""


@dataclass(frozen=True, slots=True)
class Settings:
    """How one installation runs.

    `demo` marks the fictitious practice; outside it `encryption_keys` must come from the
    environment (hex, 32 bytes each, the newest first). Empty Twilio settings mean the embedded
    outbox; an empty `nominatim_domain` means addresses are placed by ZIP code; an empty `osrm_url`
    means drives are estimated from the straight line; an empty `practice_policy` means the policy
    on moving and cancelling that comes with the program.
    """

    demo: bool
    database_url: str
    instance_path: Path
    encryption_keys: tuple[bytes, ...]
    practice_name: str
    practice_phone: str
    practice_policy: str
    public_url: str
    twilio_account_sid: str
    twilio_auth_token: str
    twilio_messaging_service_sid: str
    twilio_from_number: str
    twilio_api_base_url: str
    nominatim_domain: str
    osrm_url: str

    @classmethod
    def from_env(cls, env: Mapping[str, str] = os.environ) -> "Settings":
        """Read the environment; raises SettingsError naming the first setting at fault."""
        instance = Path(env.get("INSTANCE_PATH") or ROOT / "instance").resolve()
        demo = _flag(env, "DEMO", default=True)
        settings = cls(
            demo=demo,
            database_url=env.get("DATABASE_URL") or f"sqlite:///{instance / 'visits.db'}",
            instance_path=instance,
            encryption_keys=_keys(env.get("ENCRYPTION_KEYS", "")),
            practice_name=env.get("PRACTICE_NAME") or "Oak Home Visits",
            practice_phone=env.get("PRACTICE_PHONE") or "816-555-0100",
            practice_policy=env.get("PRACTICE_POLICY", ""),
            public_url=env.get("PUBLIC_URL") or "http://127.0.0.1:8000",
            twilio_account_sid=env.get("TWILIO_ACCOUNT_SID", ""),
            twilio_auth_token=env.get("TWILIO_AUTH_TOKEN", ""),
            twilio_messaging_service_sid=env.get("TWILIO_MESSAGING_SERVICE_SID", ""),
            twilio_from_number=env.get("TWILIO_FROM_NUMBER", ""),
            twilio_api_base_url=env.get("TWILIO_API_BASE_URL", ""),
            nominatim_domain=env.get("NOMINATIM_DOMAIN", ""),
            osrm_url=env.get("OSRM_URL", "").strip(),
        )
        settings.check()
        return settings

    @property
    def sends_real_sms(self) -> bool:
        """Say whether texts go to the provider."""
        return bool(self.twilio_account_sid)

    def check(self) -> None:
        """Raise SettingsError where the settings contradict each other or are unsafe."""
        if not self.demo and not self.encryption_keys:
            raise SettingsError("ENCRYPTION_KEYS is required outside the demo")
        if any(len(set(key)) < KEY_BYTES // 4 for key in self.encryption_keys):
            raise SettingsError("ENCRYPTION_KEYS holds a weak key: use 32 random bytes")
        if not self.database_url.startswith(("sqlite:///", "postgresql+psycopg://")):
            raise SettingsError("DATABASE_URL must begin sqlite:/// or postgresql+psycopg://")
        if self.twilio_account_sid and not self.twilio_auth_token:
            raise SettingsError("TWILIO_AUTH_TOKEN is missing beside TWILIO_ACCOUNT_SID")
        sender = self.twilio_messaging_service_sid or self.twilio_from_number
        if self.twilio_account_sid and not sender:
            raise SettingsError("TWILIO_MESSAGING_SERVICE_SID or TWILIO_FROM_NUMBER is missing")
        if self.osrm_url and not _is_plain_address(self.osrm_url):
            raise SettingsError("OSRM_URL must be like http://127.0.0.1:5000, with nothing after ?")


def _is_plain_address(text: str) -> bool:
    """Say whether a text is the address of a service: a scheme and a host, no more than a path."""
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        return False
    named = parts.scheme in {"http", "https"} and bool(parts.hostname) and port != 0
    return named and not (parts.query or parts.fragment or "@" in parts.netloc or " " in text)


def _flag(env: Mapping[str, str], name: str, *, default: bool) -> bool:
    text = env.get(name, "").strip().lower()
    if text not in {"", "0", "1", "true", "false", "yes", "no"}:
        raise SettingsError(f"{name} must be 1 or 0")
    return default if not text else text in {"1", "true", "yes"}


def _keys(text: str) -> tuple[bytes, ...]:
    try:
        keys = tuple(bytes.fromhex(part.strip()) for part in text.split(",") if part.strip())
    except ValueError as error:
        raise SettingsError("ENCRYPTION_KEYS must be hexadecimal") from error
    if any(len(key) != KEY_BYTES for key in keys):
        raise SettingsError("ENCRYPTION_KEYS must hold keys of 32 bytes (64 hexadecimal digits)")
    return keys
