"""BTHome against another reader of the format: the two must agree on every object that both know."""

import pytest
from bleak.backends.device import BLEDevice
from bleak.backends.scanner import AdvertisementData
from bthome_ble import BTHomeBluetoothDeviceData
from habluetooth import BluetoothServiceInfoBleak
from hypothesis import given, settings
from hypothesis import strategies as st
from sensor_state_data import SensorUpdate

from edge.drivers.bthome_objects import BATTERY, BINARY, BUTTON, MEASURED
from homecare.device import Capability
from homecare.event import ButtonPressed, HelpCalled, Observed
from tests.edge.drivers.reading import BLE_ADDRESS, KEY, Bench, encrypted

PLACES = 0.06
"""The other reader rounds the temperature of steps of 0.35 °C to one decimal."""


def update_of(data: bytes, key: bytes | None = None) -> SensorUpdate:
    """What the other reader makes of an advertisement."""
    uuid = "0000fcd2-0000-1000-8000-00805f9b34fb"
    info = BluetoothServiceInfoBleak(
        name="device",
        address=BLE_ADDRESS,
        rssi=-60,
        manufacturer_data={},
        service_data={uuid: data},
        service_uuids=[uuid],
        source="local",
        device=BLEDevice(BLE_ADDRESS, "device", {}),
        advertisement=AdvertisementData("device", {}, {uuid: data}, [uuid], None, -60, ()),
        connectable=False,
        time=0,
        tx_power=None,
    )
    return BTHomeBluetoothDeviceData(bindkey=key).update(info)


def numbers_of(update: SensorUpdate) -> list[float]:
    return [
        float(value.native_value)
        for key, value in update.entity_values.items()
        if key.key not in ("signal_strength", "packet_id", "timestamp") and value.native_value is not None
    ]


@pytest.mark.parametrize("object_id", sorted(set(MEASURED) - {0x50}))
@settings(max_examples=30, deadline=None)
@given(data=st.data())
def test_a_measurement_has_the_same_value(object_id: int, data: st.DataObject) -> None:
    size = MEASURED[object_id].size
    frame = bytes((0x40, object_id)) + data.draw(st.binary(min_size=size, max_size=size))
    [event] = Bench("bthome").advertise(frame).events
    assert isinstance(event, Observed)
    assert numbers_of(update_of(frame)) == [pytest.approx(event.value, abs=PLACES if object_id == 0x58 else 1e-9)]


@pytest.mark.parametrize("state", [0, 1])
@pytest.mark.parametrize("object_id", sorted(BINARY))
def test_a_state_is_the_same(object_id: int, state: int) -> None:
    frame = bytes((0x44, object_id, state))
    assert len(Bench("bthome").advertise(frame).events) == 1
    assert [value.native_value for value in update_of(frame).binary_entity_values.values()] == [bool(state)]


@pytest.mark.parametrize("action", range(256))
def test_a_button_is_used_in_the_same_way(action: int) -> None:
    frame = bytes((0x44, BUTTON, action))
    theirs = [value.event_type for value in update_of(frame).events.values()]
    ours = [event for event in Bench("bthome").advertise(frame).events if isinstance(event, ButtonPressed)]
    assert [event.action for event in ours] == [
        {"hold_press": "hold"}.get(one, one) for one in theirs if one != "hold_release"
    ]
    called = Bench("bthome", Capability.HELP_CALL).advertise(frame).events
    assert called == ((HelpCalled(),) if action else ())


@settings(max_examples=50, deadline=None)
@given(percent=st.integers(0, 100), counter=st.integers(0, 2**32 - 1), raw=st.binary(min_size=2, max_size=2))
def test_an_encrypted_frame_says_the_same(percent: int, counter: int, raw: bytes) -> None:
    frame = encrypted(bytes((BATTERY, percent, 0x02)) + raw, counter)
    battery, temperature = Bench("bthome", secret=KEY).advertise(frame).events
    assert isinstance(temperature, Observed)
    assert sorted(numbers_of(update_of(frame, KEY))) == sorted([battery.percent, temperature.value])  # type: ignore[union-attr] # the first object is the battery
