"""What tests of the simulator may ask for by name."""

from tests.radio import radio

__all__ = ["radio"]
