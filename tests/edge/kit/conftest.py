"""What tests of the kit may ask for by name."""

from tests.radio import radio

__all__ = ["radio"]
