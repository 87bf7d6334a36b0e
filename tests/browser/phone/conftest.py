"""A caregiver's phone before a gateway with both processes, homes with tags, and an edge that works the first door."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from gateway.embedded import PrivateBroker
from tests.browser.door_edge import DoorEdge
from tests.browser.gateway_process import GatewayProcess
from tests.browser.phone_page import OpenPhone, PhonePage
from tests.browser.phone_shift import Shift
from tests.gateway.doorstep import KARIN


@pytest.fixture
def shift(database_url: str) -> Shift:
    return Shift(database_url)


@pytest.fixture
def gateway(shift: Shift, database_url: str, broker: PrivateBroker, tmp_path: Path) -> Iterator[GatewayProcess]:
    """Both processes, in which people may be chosen, and the tags of the shift's homes."""
    process = GatewayProcess(database_url=database_url, broker_url=broker.url, data=tmp_path, VAKA_DEMO="1")
    process.start()
    process.start_watch()
    process.wait_for_watch()
    shift.hang_tags(tmp_path)
    yield process
    process.stop()


@pytest.fixture
def edge(shift: Shift, gateway: GatewayProcess, broker: PrivateBroker) -> Iterator[DoorEdge]:
    """The edge of the first home."""
    assert gateway.url
    edge = DoorEdge(shift.first, broker.url)
    edge.start()
    yield edge
    edge.stop()


@pytest.fixture
def open_phone(browser: Browser, gateway: GatewayProcess) -> Iterator[OpenPhone]:
    """Phones, closed again; one with an error of its own fails the test."""
    opened: list[PhonePage] = []

    def opening(**options: object) -> PhonePage:
        phone = PhonePage(browser, gateway, **options)
        opened.append(phone)
        return phone.sign_in(KARIN.display)

    yield opening
    for phone in opened:
        phone.close()
