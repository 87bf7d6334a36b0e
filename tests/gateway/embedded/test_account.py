"""Under whose name the servers run."""

from pathlib import Path

from gateway.embedded.account import NAMESPACE, REACHABLE, Account, account_for


def test_only_root_needs_another_account() -> None:
    assert account_for(root=False, namespaces=True) == Account()
    assert account_for(root=True, namespaces=True) == Account(NAMESPACE)


def test_where_namespaces_are_refused_root_hands_over_to_nobody_in_a_reachable_folder(tmp_path: Path) -> None:
    account = account_for(root=True, namespaces=False)
    assert account.prefix[0] == "setpriv"
    assert account.owner is not None
    place = account.place(tmp_path / "database")
    assert place.parent == REACHABLE
    assert place != account.place(tmp_path / "elsewhere" / "database")
    assert account.place(place) == place
