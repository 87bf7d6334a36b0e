"""Which Vaka this is."""

from importlib.metadata import PackageNotFoundError, version


def vaka_version() -> str:
    """The installed distribution's version; `unpacked` where the sources run without having been installed."""
    try:
        return version("vaka")
    except PackageNotFoundError:
        return "unpacked"
