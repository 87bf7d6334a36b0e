"""The stream reader takes packets apart wherever the network cut them, and hangs up on what is no MQTT."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.adapters.mqtt_stream import PACKET_LIMIT, BrokenStream, MqttStream, _packet, _text
from gateway.ports.broker import Message
from tests.bad.mqtt.test_packets import packet, publish, text


def reader() -> MqttStream:
    return MqttStream("mqtt://127.0.0.1:1", client_id="test", filters=[])


MESSAGES = st.lists(
    st.tuples(st.text("abc/é", max_size=20), st.binary(max_size=300), st.sampled_from([0, 1])), max_size=8
)


@given(messages=MESSAGES, cuts=st.lists(st.integers(1, 400), max_size=30))
def test_wherever_the_network_cuts_every_message_comes_whole_and_in_order(
    messages: list[tuple[str, bytes, int]], cuts: list[int]
) -> None:
    stream = reader()
    data = b"".join(publish(topic, payload, qos=qos, mid=7) for topic, payload, qos in messages)
    while data:
        size = cuts.pop() if cuts else len(data)
        stream.data_received(data[:size])
        data = data[size:]
    assert stream.take(99) == [Message(topic, payload, 7 if qos else 0) for topic, payload, qos in messages]


@given(rest=st.binary(max_size=40_000))
def test_packets_are_written_as_another_writer_writes_them(rest: bytes) -> None:
    assert _packet(0x32, rest) == packet(0x32, rest)
    assert _text(rest) == text(rest)


@pytest.mark.parametrize(
    "data",
    [
        b"\x30\xff\xff\xff\xff\xff\x01",
        packet(0x30, b"", declared=PACKET_LIMIT + 1),
        publish("a", b"", qos=2),
        publish("a", b"", qos=3),
        packet(0x32, text(b"abc")),
        packet(0x30, b"\xff\xff"),
        packet(0x20, b"\x00\x05"),
        packet(0x90, b"\x00\x01\x80"),
        packet(0x10, b""),
    ],
)
def test_what_no_broker_says_ends_the_connection(data: bytes) -> None:
    with pytest.raises((BrokenStream, IndexError)):
        reader()._packets(data)


@given(data=st.binary(max_size=200))
def test_noise_never_does_worse(data: bytes) -> None:
    stream = reader()
    stream.data_received(data)
    assert len(stream._rest) <= len(data)
