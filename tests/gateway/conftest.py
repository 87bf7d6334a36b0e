"""A served alarm process for the tests of a module, and a client that is signed in."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from gateway.embedded import PrivateBroker, PrivateDatabase
from tests.gateway.serving import HOUSES, Serving, serve


@pytest.fixture(scope="module")
def serving(
    database_server: PrivateDatabase,
    migrated_template: str,
    broker: PrivateBroker,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Serving]:
    data: Path = tmp_path_factory.mktemp("web")
    yield from serve(database_server, migrated_template, broker, data, HOUSES)


@pytest.fixture
def client(serving: Serving) -> Iterator[httpx.Client]:
    with serving.client() as client:
        yield client
