"""Pairing: what is asked of a lock whose button is held, and where its authorisation is kept."""

import asyncio
import json
import stat
from pathlib import Path
from random import Random

import pytest

from edge import device_secrets
from edge.config import read_config
from edge.drivers.nuki_frames import Authorisation
from edge.drivers.nuki_pairing import pair as pairing_script
from edge.kit.commands import run
from homecare.command import Action
from homecare.errors import Malformed, Refused, Unavailable
from homecare.identity import DeviceId, new_secret
from simulator import nuki
from simulator.nuki import NukiLock, Say
from simulator.peripheral import NukiPeripheral
from tests.locks import LOCK, Remembering, Wire, command, driver, emulated
from tests.radio import Radio, radio

__all__ = ["radio"]


def paired(lock: NukiLock, *, lost_at: frozenset[int] = frozenset()) -> Authorisation | None:
    return Wire(lock, lost_at=lost_at).hold(pairing_script(7, Random(4).randbytes))


def test_a_lock_that_was_paired_knows_the_key_that_we_know() -> None:
    lock = emulated()
    lock.pairing = True
    authorisation = paired(lock)
    assert authorisation is not None
    assert lock.authorisations[authorisation.number] == authorisation.key
    assert not lock.pairing, "one button, one pairing"


def test_without_the_button_it_refuses_and_says_what_to_do() -> None:
    with pytest.raises(Refused, match="hold the lock's button"):
        paired(emulated())


@pytest.mark.parametrize("lost", range(11))
def test_a_pairing_that_is_cut_off_gives_nothing(lost: int) -> None:
    lock = emulated()
    lock.pairing = True
    with pytest.raises(Unavailable):
        paired(lock, lost_at=frozenset({lost}))


def test_a_device_in_between_that_does_not_know_the_key_is_found_out() -> None:
    lock = emulated()
    lock.pairing = True
    issue = lock._issue

    def forged(theirs: bytes) -> Say:
        data = bytearray(issue(theirs).data)
        data[40] ^= 1
        return nuki._plain(int.from_bytes(data[:2], "little"), bytes(data[2:-2]))

    lock._issue = forged  # type: ignore[method-assign]
    with pytest.raises(Refused, match="another device"):
        paired(lock)


def test_noise_for_an_answer_ends_it() -> None:
    for seed in range(200):
        chance = Random(seed)
        lock = emulated()
        lock.hear_pairing = lambda _: iter([Say(chance.randbytes(chance.randrange(0, 100)))])  # type: ignore[method-assign] # noqa: B023 - used in the same turn
        with pytest.raises((Malformed, Refused, Unavailable)):
            paired(lock)


# --- the secret ------------------------------------------------------------------------------------------------------


def test_a_stored_secret_is_its_owners_alone(tmp_path: Path) -> None:
    path = device_secrets.store(tmp_path / "data", DeviceId(LOCK.id), b"\1" * 40)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    device_secrets.store(tmp_path / "data", DeviceId(LOCK.id), b"\2" * 40)
    assert device_secrets.stored(tmp_path / "data", [DeviceId(LOCK.id), DeviceId("other-0001")]) == {
        LOCK.id: b"\2" * 40
    }


@pytest.mark.parametrize(("content", "mode"), [("zz", 0o600), ("", 0o600), ("00" * 65, 0o600), ("00" * 40, 0o640)])
def test_a_secret_that_is_none_or_is_open_to_others_is_not_used(tmp_path: Path, content: str, mode: int) -> None:
    path = device_secrets.store(tmp_path, DeviceId(LOCK.id), b"\1")
    path.write_text(content)
    path.chmod(mode)
    with pytest.raises(Malformed):
        device_secrets.stored(tmp_path, [DeviceId(LOCK.id)])


def configuration(folder: Path, *, driver_name: str = "nuki") -> Path:
    (folder / "edge.key").write_text(new_secret().hex())
    (folder / "edge.key").chmod(0o600)
    lock = {"id": LOCK.id, "home": LOCK.home, "driver": driver_name, "address": LOCK.address, "capabilities": ["lock"]}
    path = folder / "edge.json"
    path.write_text(
        json.dumps(
            {
                "edge": "edge-00000001",
                "home": LOCK.home,
                "private_key_file": "edge.key",
                "gateway_public_key": "11" * 32,
                "broker_url": "mqtt://127.0.0.1:9",
                "data_folder": "data",
                "ble": True,
                "devices": [lock],
            }
        )
    )
    return path


@pytest.mark.asyncio
async def test_the_command_pairs_over_the_radio_and_the_agent_finds_the_secret(
    radio: Radio, tmp_path: Path, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    await radio.plug()
    lock = emulated()
    lock.pairing = True
    peripheral = NukiPeripheral("lock", LOCK.address, lock, air=radio.air)
    on_the_air = asyncio.create_task(peripheral.run())
    path = configuration(tmp_path)
    said: list[str] = []
    assert await asyncio.to_thread(run, ["pair", str(path), LOCK.id], said.append) == 0
    secret = read_config(path).secrets[DeviceId(LOCK.id)]
    authorisation = Authorisation.unpack(secret)
    assert lock.authorisations[authorisation.number] == authorisation.key
    told = "".join(said) + capsys.readouterr().out + capsys.readouterr().err + caplog.text
    assert authorisation.key.hex() not in told
    on_the_air.cancel()
    await asyncio.gather(on_the_air, return_exceptions=True)


def test_what_cannot_be_paired_is_said(tmp_path: Path) -> None:
    said: list[str] = []
    assert run(["pair", str(configuration(tmp_path)), "lock-of-others"], said.append) == 2
    assert run(["pair", str(configuration(tmp_path, driver_name="bthome")), LOCK.id], said.append) == 2
    assert "not paired" in said[-1]


def test_a_lock_takes_a_command_under_a_fresh_pairing() -> None:
    lock = emulated()
    lock.pairing = True
    authorisation = paired(lock)
    assert authorisation is not None
    script = driver().script(command(Action.UNLOCK), LOCK, secret=authorisation.pack(), memory=Remembering())
    Wire(lock).hold(script)
    assert lock.bolt == nuki.UNLOCKED
