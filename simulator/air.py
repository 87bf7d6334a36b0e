"""The virtual air: Bluetooth LE controllers and broadcasters that hear one another, without radio or kernel.

Built on bumble's emulated controller and its link, with what those leave out: scan responses are the configured ones
and go to active scanners only, a non-connectable advertisement cannot be connected to, distance decides signal strength
and range, a cancelled connection attempt ends, and a peer that vanishes ends its connections (supervision timeout).
"""

import asyncio
import dataclasses
from collections.abc import Iterator
from typing import Final

from bumble import core, hci, ll
from bumble.controller import Controller
from bumble.device import Device
from bumble.host import Host
from bumble.link import LocalLink
from bumble.transport.common import AsyncPipeSink

ORDINARY_RSSI: Final = -60
"""dBm; a device in the next room."""
REPORT_BYTES: Final = 229
"""Advertising data that fits into one HCI report; longer data comes in several."""
LONGEST_DATA: Final = 1650
"""Bytes of advertising data at most (extended advertising)."""
EVERYONE: Final = "*"
_Report = hci.HCI_LE_Extended_Advertising_Report_Event
_CUT_OFF: Final = _Report.DATA_INCOMPLETE_TRUNCATED_NO_MORE_TO_COME << 5
_MORE_TO_COME: Final = _Report.DATA_INCOMPLETE_MORE_TO_COME << 5
_CONNECTABLE, _SCANNABLE, _LEGACY = 1, 2, 16
"""Bits of the advertising event properties of HCI (and, but for the last one's meaning, of the report's event type)."""


@dataclasses.dataclass
class Advertisement(ll.AdvertisingPdu):
    """One advertisement on the air: `data` and `scan_response` are raw AD structures, right or wrong.

    `cut_off` marks a chain of an extended advertisement whose end was never received.
    """

    advertiser_address: hci.Address
    data: bytes
    scan_response: bytes = b""
    connectable: bool = False
    scannable: bool = False
    legacy: bool = True
    cut_off: bool = False


class AirController(Controller):
    """A controller on the virtual air."""

    air: "VirtualAir"

    def __init__(self, name: str, air: "VirtualAir") -> None:
        super().__init__(name, link=air)
        self.air = air
        self.active_scan = True
        self._reported: set[tuple[hci.Address, int]] = set()

    def send_advertising_pdu(self, packet: ll.AdvertisingPdu) -> None:
        """Put an advertisement, or a request to connect, on the air."""
        if isinstance(packet, ll.AdvInd | ll.AdvExtInd):
            self.air.broadcast(self.name, self._advertisement(packet))
        else:
            self.air.send_advertising_pdu(self, packet)

    def _advertisement(self, packet: ll.AdvInd | ll.AdvExtInd) -> Advertisement:
        address = packet.advertiser_address
        for advertising in self.advertising_sets.values():
            if advertising.enabled and advertising.address == address and advertising.parameters is not None:
                properties = int(advertising.parameters.advertising_event_properties)
                return Advertisement(
                    address,
                    packet.data,
                    bytes(advertising.scan_response_data),
                    connectable=bool(properties & _CONNECTABLE),
                    scannable=bool(properties & _SCANNABLE),
                    legacy=bool(properties & _LEGACY),
                )
        response = bytes(self.le_legacy_advertiser.scan_response_data)
        return Advertisement(address, packet.data, response, connectable=True, scannable=True)

    def hear(self, heard: Advertisement, rssi: int) -> None:
        """Report an advertisement to the host that scans, and connect to it if the host waits for it."""
        if self.le_scan_enable:
            self._report(heard, rssi)
        pending = self.pending_le_connection
        if pending and heard.connectable and pending.peer_address == heard.advertiser_address:
            self.create_le_connection(heard.advertiser_address)

    def _report(self, heard: Advertisement, rssi: int) -> None:
        kind = _CONNECTABLE * heard.connectable | _SCANNABLE * heard.scannable | _LEGACY * heard.legacy
        parts = [(kind, heard.data)]
        if heard.scannable and self.active_scan:
            parts.append((kind | int(_Report.EventType.SCAN_RESPONSE), heard.scan_response))
        for event_type, data in parts:
            once = (heard.advertiser_address, event_type)
            if self.filter_duplicates and once in self._reported:
                continue
            self._reported.add(once)
            for status, piece in _pieces(data, cut_off=heard.cut_off):
                self.send_hci_packet(_Report([_report(heard, event_type | status, piece, rssi)]))

    def on_hci_le_set_extended_scan_parameters_command(
        self, command: hci.HCI_LE_Set_Extended_Scan_Parameters_Command
    ) -> hci.HCI_StatusReturnParameters:
        """Note whether the host scans actively."""
        self.active_scan = bool(command.scan_types[0])
        return super().on_hci_le_set_extended_scan_parameters_command(command)

    def on_hci_le_set_extended_scan_enable_command(
        self, command: hci.HCI_LE_Set_Extended_Scan_Enable_Command
    ) -> hci.HCI_StatusReturnParameters:
        """Forget what was reported to the scan before."""
        self._reported.clear()
        return super().on_hci_le_set_extended_scan_enable_command(command)

    def on_hci_le_create_connection_cancel_command(
        self, _command: hci.HCI_LE_Create_Connection_Cancel_Command
    ) -> hci.HCI_StatusReturnParameters:
        """End a pending attempt with the completion that the host waits for."""
        pending, self.pending_le_connection = self.pending_le_connection, None
        if pending is None:
            return hci.HCI_StatusReturnParameters(hci.HCI_ErrorCode.COMMAND_DISALLOWED_ERROR)
        event = hci.HCI_LE_Connection_Complete_Event(
            status=hci.HCI_ErrorCode.UNKNOWN_CONNECTION_IDENTIFIER_ERROR,
            connection_handle=0,
            role=hci.Role.CENTRAL,
            peer_address_type=pending.peer_address.address_type,
            peer_address=pending.peer_address,
            connection_interval=0,
            peripheral_latency=0,
            supervision_timeout=0,
            central_clock_accuracy=0,
        )
        asyncio.get_running_loop().call_soon(self.send_hci_packet, event)
        return hci.HCI_StatusReturnParameters(hci.HCI_ErrorCode.SUCCESS)

    def drop(self) -> None:
        """End every connection on both sides, as a supervision timeout does."""
        reason = hci.HCI_ErrorCode.CONNECTION_TIMEOUT_ERROR
        for peer_address, connection in list(self.le_connections.items()):
            peer = self.air.find_le_controller(peer_address)
            self.on_le_disconnected(connection, reason)
            other = peer.le_connections.get(connection.self_address) if peer is not None else None
            if peer is not None and other is not None:
                peer.on_le_disconnected(other, reason)


class VirtualAir(LocalLink):
    """The air of one home. `heard` counts the advertisements that were on it."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call] # bumble leaves it without annotations
        self.heard = 0
        self._rssi: dict[tuple[str, str], int | None] = {}

    def set_range(self, sender: str, rssi: int | None, receiver: str = EVERYONE) -> None:
        """Let `receiver` hear `sender` with `rssi` dBm; None is out of range, which ends the sender's connections."""
        self._rssi[sender, receiver] = rssi
        if rssi is None:
            for controller in self._air_controllers():
                if controller.name == sender:
                    controller.drop()

    def broadcast(self, sender: str, heard: Advertisement) -> None:
        """Let everybody in range hear an advertisement of `sender`."""
        self.heard += 1
        loop = asyncio.get_running_loop()
        for controller in self._air_controllers():
            listening = controller.le_scan_enable or controller.pending_le_connection
            rssi = self._path(sender, controller.name)
            if listening and controller.name != sender and rssi is not None:
                loop.call_soon(controller.hear, heard, rssi)

    def send_acl_data(
        self,
        sender_controller: Controller,
        destination_address: hci.Address,
        transport: core.PhysicalTransport,
        data: bytes,
    ) -> None:
        """Carry a packet of a connection under the address that the connection itself has."""
        connection = sender_controller.le_connections.get(destination_address)
        receiver = self.find_le_controller(destination_address)
        if connection is not None and receiver is not None:
            source = connection.self_address
            asyncio.get_running_loop().call_soon(receiver.on_link_acl_data, source, transport, data)

    def remove(self, controller: AirController) -> None:
        """Take a controller off the air, as an unplugged adapter or a dead battery does."""
        controller.drop()
        for advertising in controller.advertising_sets.values():
            advertising.stop()
        controller.le_legacy_advertiser.stop()
        controller.set_packet_sink(None)
        self.controllers.discard(controller)

    def _path(self, sender: str, receiver: str) -> int | None:
        return self._rssi.get((sender, receiver), self._rssi.get((sender, EVERYONE), ORDINARY_RSSI))

    def _air_controllers(self) -> Iterator[AirController]:
        return (controller for controller in list(self.controllers) if isinstance(controller, AirController))


def device_on(air: VirtualAir, name: str, address: str) -> tuple[Device, AirController]:
    """A host with a controller of its own on the air; call `power_on` before use, and `air.remove` to be rid of it."""
    controller = AirController(name, air)
    device = Device(name=name, address=hci.Address(address), host=Host(controller, AsyncPipeSink(controller)))
    return device, controller


def _pieces(data: bytes, *, cut_off: bool) -> Iterator[tuple[int, bytes]]:
    pieces = [data[at : at + REPORT_BYTES] for at in range(0, min(len(data), LONGEST_DATA), REPORT_BYTES)] or [b""]
    for piece in pieces[:-1]:
        yield _MORE_TO_COME, piece
    yield (_CUT_OFF if cut_off else 0), pieces[-1]


def _report(heard: Advertisement, event_type: int, data: bytes, rssi: int) -> _Report.Report:
    return _Report.Report(
        event_type=event_type,
        address_type=heard.advertiser_address.address_type,
        address=heard.advertiser_address,
        primary_phy=hci.Phy.LE_1M,
        secondary_phy=0 if heard.legacy else hci.Phy.LE_1M,
        advertising_sid=_Report.NO_ADI_FIELD_PROVIDED if heard.legacy else 0,
        tx_power=_Report.TX_POWER_INFORMATION_NOT_AVAILABLE,
        rssi=rssi,
        periodic_advertising_interval=0,
        direct_address_type=0,
        direct_address=hci.Address.ANY,
        data=data,
    )
