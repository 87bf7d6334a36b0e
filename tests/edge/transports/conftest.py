"""What tests of transports may ask for by name."""

from tests.radio import radio

__all__ = ["radio"]
