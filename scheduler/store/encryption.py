"""Field encryption, blind indexes and audit seals, all from one key ring."""

import hmac
import secrets
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import overload

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from scheduler.store.base import Base

_NONCE_BYTES = 12
_KEY_BYTES = 32
_ID_BYTES = 4


class Unreadable(Exception):
    """A sealed value was changed, moved to another row, or sealed with a key that is not here."""


@dataclass(frozen=True, slots=True)
class KeyRing:
    """Encryption keys by id, the newest first, and the purpose keys derived from the oldest.

    Sealed bytes: 4 bytes key id, 12 bytes nonce, AES-256-GCM ciphertext with tag. The associated
    data is table|column|row id, so a value copied to another row does not open.
    """

    keys: tuple[bytes, ...]

    def __post_init__(self) -> None:
        if not self.keys or any(len(key) != _KEY_BYTES for key in self.keys):
            raise ValueError("the key ring needs keys of 32 bytes")

    def seal(self, text: str, place: str) -> bytes:
        """Encrypt a text for its place."""
        key = self.keys[0]
        nonce = secrets.token_bytes(_NONCE_BYTES)
        return _key_id(key) + nonce + AESGCM(key).encrypt(nonce, text.encode(), place.encode())

    def open(self, sealed: bytes, place: str) -> str:
        """Decrypt what was sealed for the place; raises Unreadable."""
        head, nonce, rest = _split(sealed)
        for key in self.keys:
            if _key_id(key) == head:
                try:
                    return AESGCM(key).decrypt(nonce, rest, place.encode()).decode()
                except InvalidTag as error:
                    raise Unreadable(f"{place} does not open") from error
        raise Unreadable(f"no key for {place}")

    def blind_index(self, value: str, purpose: str) -> str:
        """Return an HMAC by which equal values can be found without being stored."""
        return hmac.new(self._derived(f"index:{purpose}"), value.encode(), sha256).hexdigest()

    def audit_seal(self, record: str) -> str:
        """Return the HMAC of an audit record."""
        return hmac.new(self._derived("audit"), record.encode(), sha256).hexdigest()

    def secret(self, purpose: str) -> bytes:
        """Return 32 bytes for one purpose of the web, such as signing cookies."""
        return self._derived(f"secret:{purpose}")

    def _derived(self, purpose: str) -> bytes:
        return HKDF(
            algorithm=hashes.SHA256(), length=_KEY_BYTES, salt=None, info=purpose.encode()
        ).derive(self.keys[-1])


def _key_id(key: bytes) -> bytes:
    return sha256(b"key id" + key).digest()[:_ID_BYTES]


def _split(sealed: bytes) -> tuple[bytes, bytes, bytes]:
    body = sealed[_ID_BYTES:]
    return sealed[:_ID_BYTES], body[:_NONCE_BYTES], body[_NONCE_BYTES:]


def read_or_make_key(path: Path) -> bytes:
    """Return the demo's key from its file, made readable to its owner only on first use."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh = path.with_suffix(f".{secrets.token_hex(4)}")
        fresh.touch(mode=0o600)
        fresh.write_text(secrets.token_hex(_KEY_BYTES))
        try:
            path.hardlink_to(fresh)
        except FileExistsError:
            return bytes.fromhex(path.read_text().strip())
        finally:
            fresh.unlink()
    return bytes.fromhex(path.read_text().strip())


class _InUse:
    ring: KeyRing | None = None


def use_keys(ring: KeyRing) -> None:
    """Make a key ring the one that this process reads and writes with."""
    _InUse.ring = ring


def keys() -> KeyRing:
    """Return the key ring in use; raises RuntimeError before `use_keys`."""
    if _InUse.ring is None:
        raise RuntimeError("no key ring in use")
    return _InUse.ring


class Encrypted:
    """A text attribute of a model that is stored sealed in the column `<name>_sealed`.

    The row's id is part of the seal, so the id exists before the value is set.
    """

    def __set_name__(self, owner: type[Base], name: str) -> None:
        self._name = name
        self._column = f"{name}_sealed"

    @overload
    def __get__(self, row: None, owner: type[Base]) -> "Encrypted": ...

    @overload
    def __get__(self, row: Base, owner: type[Base]) -> str: ...

    def __get__(self, row: Base | None, owner: type[Base]) -> "str | Encrypted":
        if row is None:
            return self
        sealed = getattr(row, self._column)
        return "" if sealed is None else keys().open(sealed, self._place(row))

    def __set__(self, row: Base, value: str) -> None:
        setattr(row, self._column, keys().seal(value, self._place(row)))

    def _place(self, row: Base) -> str:
        return f"{row.__tablename__}|{self._name}|{row.id}"
