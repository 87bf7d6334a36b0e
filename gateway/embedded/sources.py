"""Which Debian mirror this machine uses, read from its own apt sources. Pure: text in, values out.

Both formats of sources.list(5) are understood: one line an archive (`deb [options] uri suite components`) and deb822
(`Types:`, `URIs:`, `Suites:`, `Signed-By:`). Only archives that carry the machine's own release are taken: a vendor's
archive or the security archive holds no other Debian release.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

RELEASE_ALIASES: Final = frozenset({"stable", "oldstable", "testing", "trixie"})
"""Suites that mark a Debian archive besides the machine's own code name."""

_line = re.compile(r"^deb\s+(?:\[(?P<options>[^\]]*)\]\s+)?(?P<uri>\S+)\s+(?P<suite>\S+)\s+(?P<components>.+)$")


@dataclass(frozen=True)
class Mirror:
    """One archive: its address and the key ring that signs it (empty where the sources name none)."""

    uri: str
    signed_by: str = ""


def mirrors(text: str, codename: str) -> list[Mirror]:
    """The Debian archives named in the text of one `.list` or `.sources` file, in order, without repeats."""
    wanted = RELEASE_ALIASES | {codename}
    entries = _stanzas(text) if re.search(r"(?im)^uris\s*:", text) else _lines(text)
    found = [mirror for mirror, suites, components in entries if wanted & suites and "main" in components]
    return list(dict.fromkeys(found))


_Entry = tuple[Mirror, frozenset[str], frozenset[str]]


def _lines(text: str) -> Iterator[_Entry]:
    for line in text.splitlines():
        match = _line.match(line.split("#", 1)[0].strip())
        if match:
            options = dict(part.split("=", 1) for part in (match["options"] or "").split() if "=" in part)
            mirror = Mirror(match["uri"], _key_ring(options.get("signed-by", "")))
            yield mirror, frozenset({match["suite"]}), frozenset(match["components"].split())


def _stanzas(text: str) -> Iterator[_Entry]:
    without_comments = "\n".join(line for line in text.splitlines() if not line.startswith("#"))
    for stanza in re.split(r"\n\s*\n", without_comments):
        fields = _fields(stanza)
        if "deb" not in fields.get("types", "").split() or fields.get("enabled", "yes").lower() == "no":
            continue
        for uri in fields.get("uris", "").split():
            mirror = Mirror(uri, _key_ring(fields.get("signed-by", "")))
            yield mirror, frozenset(fields.get("suites", "").split()), frozenset(fields.get("components", "").split())


def _fields(stanza: str) -> dict[str, str]:
    """The fields of one deb822 paragraph, names in lower case, continuation lines joined by a space."""
    fields: dict[str, str] = {}
    name = ""
    for line in stanza.splitlines():
        if line[:1].isspace():
            fields[name] = f"{fields.get(name, '')} {line.strip()}".strip()
        elif ":" in line:
            name, _, value = line.partition(":")
            name = name.strip().lower()
            fields[name] = value.strip()
    return fields


def _key_ring(signed_by: str) -> str:
    """A path to a key ring; a key written into the sources themselves names no file and is left out."""
    first = signed_by.replace(",", " ").split()[:1]
    return first[0] if first and first[0].startswith("/") else ""
