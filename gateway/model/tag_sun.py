"""What an NTAG 424 DNA tag says when it is read: verified, pure. Sources: NXP AN12196 and the NT4H2421Gx data sheet.

The tag mirrors into its address, fresh at every reading, who it is (uid, 7 bytes) and how often it was read (counter,
3 bytes, low byte first), and a short authenticator over both. The two are mirrored plain, or encrypted:

    PICC data  = AES-CBC(meta key, iv 0) of: tag byte, uid, counter, random filling
    session    = AES-CMAC(file key, 3C C3 00 01 00 80 || uid || counter)         (SV2)
    sdm mac    = every second byte, from the second on, of AES-CMAC(session, "")

The tag byte 0xC7 says that uid (0x80) and counter (0x40) are there and that the uid has 7 bytes. Nothing else is
mirrored (no file data), so SV1, the encryption key of file data, is not needed. A genuine reading is a proof only once:
whoever takes it compares the counter with the highest one seen.
"""

import hashlib
import hmac
from typing import Final
from urllib.parse import parse_qs, urlsplit

import msgspec
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC
from cryptography.hazmat.primitives.cmac import CMAC

from homecare.errors import Malformed, Refused

KEY_BYTES: Final = 16
UID_BYTES: Final = 7
COUNTER_BYTES: Final = 3
MAC_BYTES: Final = 8
PICC_BYTES: Final = 16
URL_LETTERS: Final = 500
"""Characters of an address that are looked at: a tag's file holds 256 bytes."""
_PICC_TAG: Final = 0xC7
_SV2: Final = bytes.fromhex("3cc300010080")


class Forged(Refused):
    """It was not made by a tag of ours."""


class Sun(msgspec.Struct, frozen=True):
    """What was read: encrypted PICC data, or uid and counter in plain; and the authenticator."""

    mac: bytes
    picc: bytes | None = None
    uid: bytes | None = None
    counter: int | None = None


class Reading(msgspec.Struct, frozen=True):
    """A genuine reading: of which tag, and how often that tag had been read by then."""

    uid: bytes
    counter: int


class TagKeys(msgspec.Struct, frozen=True):
    """An installation's tag keys, all derived from one 32-byte secret.

    `meta` is in every tag (it hides the uid and proves nothing); the file key, which proves, is another in each tag: a
    tag that is taken apart gives away itself alone.
    """

    secret: bytes

    @property
    def meta(self) -> bytes:
        """The key that the PICC data is encrypted with."""
        return self._derived(b"meta")

    def file(self, uid: bytes) -> bytes:
        """The key of one tag's authenticator."""
        return self._derived(b"file" + uid)

    def _derived(self, what: bytes) -> bytes:
        return hashlib.blake2b(what, key=self.secret, digest_size=KEY_BYTES, person=b"vaka-tag").digest()


def read_url(url: str) -> Sun:
    """The mirrored values of a tag's address: `e` and `c`, or `u`, `n` and `c`; `Malformed` for any other address.

    Host and path are not looked at: what proves is the authenticator.
    """
    if len(url) > URL_LETTERS:
        raise Malformed("read tag", "address", f"at most {URL_LETTERS} characters")
    try:
        fields = parse_qs(urlsplit(url).query, strict_parsing=True, max_num_fields=8)
    except ValueError as error:
        raise Malformed("read tag", "address", "not a tag's address") from error
    given = {name: values[0] for name, values in fields.items() if len(values) == 1}
    if "e" in given:
        return read_encrypted(given["e"], given.get("c", ""))
    uid, counter = _hex(given.get("u", ""), UID_BYTES), _hex(given.get("n", ""), COUNTER_BYTES)
    return Sun(mac=_hex(given.get("c", ""), MAC_BYTES), uid=uid, counter=int.from_bytes(counter, "big"))


def read_encrypted(picc: str, mac: str) -> Sun:
    """The values of encrypted PICC data and authenticator, both in hex."""
    return Sun(mac=_hex(mac, MAC_BYTES), picc=_hex(picc, PICC_BYTES))


def _hex(text: str, size: int) -> bytes:
    if len(text) != 2 * size or not text.isascii() or not text.isalnum():
        raise Malformed("read tag", "address", f"{2 * size} hex digits")
    try:
        return bytes.fromhex(text)
    except ValueError as error:
        raise Malformed("read tag", "address", f"{2 * size} hex digits") from error


def verify(sun: Sun, keys: TagKeys) -> Reading:
    """The reading, if a tag with our keys made it; `Forged` otherwise. Says nothing of whether it came before."""
    reading = _open(sun, keys.meta)
    if not hmac.compare_digest(sdm_mac(keys.file(reading.uid), reading), sun.mac):
        raise Forged("read tag", "tag", "not made by a tag of ours")
    return reading


def _open(sun: Sun, meta: bytes) -> Reading:
    if sun.picc is None:
        if sun.uid is None or sun.counter is None:
            raise Malformed("read tag", "address", "neither PICC data nor uid and counter")
        return Reading(uid=sun.uid, counter=sun.counter)
    return open_picc(sun.picc, meta)


def open_picc(picc: bytes, meta: bytes) -> Reading:
    """Uid and counter of PICC data encrypted with `meta`; `Forged` where it is anything else."""
    decryptor = Cipher(AES(meta), CBC(bytes(PICC_BYTES))).decryptor()
    plain = decryptor.update(picc) + decryptor.finalize()
    if plain[0] != _PICC_TAG:
        raise Forged("read tag", "tag", "not made by a tag of ours")
    uid, rest = plain[1 : 1 + UID_BYTES], plain[1 + UID_BYTES :]
    return Reading(uid=uid, counter=int.from_bytes(rest[:COUNTER_BYTES], "little"))


def sdm_mac(file_key: bytes, reading: Reading) -> bytes:
    """The 8-byte authenticator of a reading."""
    session = _cmac(file_key, _SV2 + reading.uid + reading.counter.to_bytes(COUNTER_BYTES, "little"))
    return _cmac(session, b"")[1::2]


def _cmac(key: bytes, content: bytes) -> bytes:
    cmac = CMAC(AES(key))
    cmac.update(content)
    return cmac.finalize()
