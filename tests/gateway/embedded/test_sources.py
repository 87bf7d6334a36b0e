"""The Debian mirror is read from this machine's own apt sources."""

import pytest

from gateway.embedded.sources import Mirror, mirrors

KEY_RING = "/usr/share/keyrings/debian-archive-keyring.gpg"

ONE_LINE = """
# deb http://old.example/debian bookworm main
deb-src http://mirror.example/debian bookworm main
deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] http://mirror.example/debian bookworm main # near
deb http://mirror.example/debian-security bookworm-security main
deb https://vendor.example/apt nodistro main
"""

DEB822 = """
# a comment
Types: deb deb-src
# http://snapshot.example/archive
URIs: http://mirror.example/debian
Suites: bookworm bookworm-updates
Components: main
Signed-By:
 /usr/share/keyrings/debian-archive-keyring.gpg

Types: deb
URIs: http://mirror.example/debian-security
Suites: bookworm-security
Components: main

Enabled: no
Types: deb
URIs: http://disabled.example/debian
Suites: bookworm
Components: main
"""

EMBEDDED_KEY = """
Types: deb
URIs: http://mirror.example/debian
Suites: stable
Components: main
Signed-By:
 -----BEGIN PGP PUBLIC KEY BLOCK-----
 .
 mQINBFit
 -----END PGP PUBLIC KEY BLOCK-----
"""


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(ONE_LINE, [Mirror("http://mirror.example/debian", KEY_RING)], id="one-line"),
        pytest.param(DEB822, [Mirror("http://mirror.example/debian", KEY_RING)], id="deb822"),
        pytest.param(EMBEDDED_KEY, [Mirror("http://mirror.example/debian")], id="key-inside"),
        pytest.param("deb http://a.example/debian bookworm main", [Mirror("http://a.example/debian")], id="no-options"),
        pytest.param("deb http://a.example/debian bookworm contrib", [], id="without-main"),
        pytest.param("deb http://a.example/ubuntu jammy main", [], id="another-distribution"),
        pytest.param("\ufeff: \n deb\n:", [], id="nonsense"),
        pytest.param("", [], id="empty"),
    ],
)
def test_the_debian_mirror_is_read_from_both_formats_of_sources(text: str, expected: list[Mirror]) -> None:
    assert mirrors(text, "bookworm") == expected
