"""Exit codes, quick help, and the verbs that read what is kept."""

import json
import subprocess
import sys
import zipfile
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DatabaseError

from bot.cli.answers import NO, TROUBLE, WRONG_USE, explain
from bot.domain.faults import FaultKind, HostFault, OrderUnknown, Refused
from bot.domain.ids import OrderId
from bot.domain.sealed import Bond, Purpose, SealedSecret
from bot.service import TroubleOutside
from bot.settings import BadSettings
from bot.store.database import open_database
from bot.store.migration import migrate
from bot.system.vault import AesVault
from tests.contract.samples import NOON, change, place
from tests.contract.stores import sql_store
from tests.unit.cli.front_door import FrontDoor
from tests.unit.domain.samples import EX01

FORGE = text("UPDATE audit SET body = replace(body, 'approve', 'reject') WHERE number = 2")
HEAVY = {"slack_bolt", "slack_sdk", "dbos", "winrm", "sqlalchemy", "sqlmodel", "aiohttp", "alembic"}


@pytest.mark.parametrize("arguments", [["--help"], ["bundle", "inspect", "--help"]])
def test_help_loads_nothing_heavy(arguments: list[str]) -> None:
    """Whoever asks what there is does not wait for what they do not use."""
    code = (
        f"import sys; sys.argv = ['certdesk', *{arguments!r}]\n"
        "from bot.cli import main\n"
        "try: main()\n"
        "except SystemExit as end: assert not end.code\n"
        f"print(sorted({HEAVY!r} & {{name.split('.')[0] for name in sys.modules}}), file=sys.stderr)"
    )

    told = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True)

    assert "[]" == told.stderr.strip()
    assert "Usage" in told.stdout


def test_python_m_bot_is_the_same_door() -> None:
    """``python -m bot`` and ``certdesk`` know the same verbs."""
    told = subprocess.run(
        [sys.executable, "-m", "bot", "--help"], capture_output=True, check=True, text=True
    )

    for verb in (
        "run",
        "worker",
        "migrate",
        "move",
        "reopen",
        "doctor",
        "bundle",
        "csr",
        "probe",
        "inventory",
        "orders",
        "evidence",
        "audit",
        "vault",
        "watch",
    ):
        assert f" {verb} " in told.stdout


@pytest.mark.parametrize(
    ("fault", "code", "says"),
    [
        (BadSettings(("one", "two")), WRONG_USE, "one\ntwo\n"),
        (OrderUnknown(OrderId(9)), NO, "There is no order 9."),
        (Refused("not-now", "Not now."), WRONG_USE, "Not now.\n"),
        (
            HostFault(FaultKind.BUSY, EX01, "EX01 is busy.", executed="no"),
            TROUBLE,
            "EX01 is busy.\n",
        ),
        (TroubleOutside("Slack is away."), TROUBLE, "Slack is away.\n"),
        (KeyError("hush"), TROUBLE, "CertDesk itself failed: KeyError."),
    ],
)
def test_each_sort_of_fault_has_its_code_and_its_sentence(
    fault: Exception, code: int, says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """0 yes, 1 no, 2 wrong use or settings, 3 trouble outside; on stderr."""
    assert code == explain(fault)

    told = capsys.readouterr()
    assert "" == told.out
    assert told.err.startswith(says)
    assert "hush" not in told.err.splitlines()[0]


def test_an_unknown_verb_is_wrong_use(certdesk: FrontDoor) -> None:
    """Exit 2, as every other mistake of whoever calls."""
    assert 2 == certdesk("dance").code


def test_the_doctor_names_everything_that_is_missing(certdesk: FrontDoor) -> None:
    """Exit 1 and all of it at once, also for a program."""
    told = certdesk("doctor", "--json")
    page = json.loads(told.out)

    assert 1 == told.code
    assert page["ok"] is False
    assert ["SLACK_BOT_TOKEN", "CERTDESK_VAULT_KEY", "SLACK_APP_TOKEN", "The"] == [
        fault.split()[0] for fault in page["faults"]
    ]


def test_the_doctor_says_whose_keys_could_not_be_kept(
    certdesk: FrontDoor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A host that may get a key made by CertDesk, and no vault key to keep it with; nothing starts like that either."""
    example = (Path(__file__).parents[3] / "certdesk.example.toml").read_text(encoding="utf-8")
    (tmp_path / "certdesk.toml").write_text(
        example.replace("local_key = false", "local_key = true").replace('"kerberos" ', '"ntlm" ')
    )
    for name in ("SLACK_BOT_TOKEN", "SLACK_APP_TOKEN"):
        monkeypatch.setenv(name, "x")
    [told] = json.loads(certdesk("doctor", "--json").out)["faults"]

    assert "CERTDESK_VAULT_KEY is empty, and EX01 may get keys made by CertDesk" in told
    assert told in certdesk("run").err
    monkeypatch.setenv("CERTDESK_VAULT_KEY", certdesk("vault-key").out.strip())
    assert 0 == certdesk("doctor").code


def test_the_doctor_says_which_extra_is_missing(
    certdesk: FrontDoor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before the first order meets it: the host, what to install, and what it is built with; nothing starts like that."""
    example = (Path(__file__).parents[3] / "certdesk.example.toml").read_text(encoding="utf-8")
    (tmp_path / "certdesk.toml").write_text(example)
    for name in ("SLACK_BOT_TOKEN", "SLACK_APP_TOKEN"):
        monkeypatch.setenv(name, "x")
    monkeypatch.setenv("CERTDESK_VAULT_KEY", certdesk("vault-key").out.strip())
    monkeypatch.setattr("bot.exchange.tickets.LIBRARIES", ("a_library_nobody_has",))
    [told] = json.loads(certdesk("doctor", "--json").out)["faults"]

    assert told.startswith("EX01 is signed in to by Kerberos, which is not installed: pip install")
    assert "certdesk[kerberos]" in told
    assert "libkrb5-dev" in told
    assert told in certdesk("run").err


@pytest.mark.parametrize("verb", [("run",), ("worker",), ("watch", "now"), ("inventory", "EX01")])
def test_without_settings_nothing_starts(certdesk: FrontDoor, verb: tuple[str, ...]) -> None:
    """Exit 2 with the sentences on stderr."""
    told = certdesk(*verb)

    assert (2, "") == (told.code, told.out)
    assert "is empty" in told.err or "certdesk.example.toml" in told.err


def test_a_new_vault_key_is_one(certdesk: FrontDoor) -> None:
    """What is printed can be used, and is another one each time."""
    first, second = (certdesk("vault-key").out.strip() for _ in range(2))
    rotated = AesVault((second, first))
    bond = Bond(order_id=OrderId(1), purpose=Purpose.PRIVATE_KEY, round=1)

    assert b"x" == rotated.open_(AesVault((first,)).seal(b"x", bond), bond)
    assert first != second


@pytest.fixture
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, certdesk: FrontDoor) -> str:
    """The URL of a database with an approved order in it, named by the environment."""
    url = f"sqlite:///{tmp_path / 'certdesk.db'}"
    monkeypatch.setenv("CERTDESK_DATABASE_URL", url)
    migrate(url)
    with sql_store(url) as store:
        assert store.orders.save(change(place(store.orders)))
    return url


def test_orders_are_listed_and_shown(certdesk: FrontDoor, kept: str) -> None:
    """As JSON and as lines."""
    listed = json.loads(certdesk("orders", "list", "--json").out)

    assert [1] == [order["id"] for order in listed["orders"]]
    assert listed["orders"][0] == json.loads(certdesk("orders", "show", 1, "--json").out)
    assert "mail.example.com" in certdesk("orders", "list").out
    assert "mail.example.com" in certdesk("orders", "show", 1).out


def test_an_order_nobody_placed_is_answered_with_no(certdesk: FrontDoor, kept: str) -> None:
    """Exit 1, nothing on stdout."""
    told = certdesk("orders", "show", 99, "--json")

    assert (1, "") == (told.code, told.out)
    assert told.err.startswith("There is no order 99.")


def test_an_unbroken_chain_is_a_yes(certdesk: FrontDoor, kept: str) -> None:
    """Exit 0, and every entry comes out as a line of JSON."""
    told = certdesk("audit", "verify", "--json")
    lines = [json.loads(line) for line in certdesk("audit", "export").out.splitlines()]

    assert (0, {"ok": True, "broken_at": None}) == (told.code, json.loads(told.out))
    assert ["place", "approve"] == [json.loads(line["body"])["what"] for line in lines]


def test_a_broken_chain_is_a_no_with_the_entry(certdesk: FrontDoor, kept: str) -> None:
    """Somebody with the database's file and much patience changed the past: exit 1."""
    engine = open_database(kept)
    with pytest.raises(DatabaseError, match="only grows"), engine.begin() as connection:
        connection.execute(FORGE)
    with engine.begin() as connection:
        triggers = connection.execute(
            text("SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'audit'")
        ).scalars()
        for trigger in list(triggers):
            connection.execute(text(f'DROP TRIGGER "{trigger}"'))
        connection.execute(FORGE)
    engine.dispose()

    told = certdesk("audit", "verify", "--json")

    assert (1, {"ok": False, "broken_at": 2}) == (told.code, json.loads(told.out))
    assert "Entry 2 does not fit" in certdesk("audit", "verify").out


def test_the_vault_is_listed_and_rotated(
    certdesk: FrontDoor, kept: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is held and under which key, never the content; rotating is counted, repeatable, and told in the audit."""
    old, new = certdesk("vault-key").out.strip(), certdesk("vault-key").out.strip()
    marker = b"MARKER of a private key"
    with sql_store(kept) as store:
        order = store.orders.load(OrderId(1))
        bond = Bond(order_id=order.id, purpose=Purpose.PRIVATE_KEY, round=1)
        vault = AesVault((old,))
        secret = SealedSecret(bond=bond, key_id=vault.newest(), sealed=vault.seal(marker, bond),
                              made_at=NOON, dies_at=NOON + timedelta(days=30))  # fmt: skip
        assert store.orders.save(replace(change(order), keeps=secret))

    monkeypatch.setenv("CERTDESK_VAULT_KEY", f"{new},{old}")
    [held] = json.loads(certdesk("vault", "list", "--json").out)["secrets"]
    assert (1, "private_key", 1, True) == (
        held["order"],
        held["purpose"],
        held["round"],
        held["openable"],
    )
    assert held["key_id"] == vault.newest()
    lines = certdesk("vault", "list").out
    assert "until 2026-12-23" in lines
    assert "1 kept sealed" in lines

    first, second = (json.loads(certdesk("vault", "rotate", "--json").out) for _ in range(2))
    assert (1, 0, []) == (first["resealed"], first["current"], first["lost"])
    assert (0, 1, []) == (second["resealed"], second["current"], second["lost"])
    with sql_store(kept) as store:
        [now] = store.secrets.kept()
        assert marker == AesVault((new,)).open_(now.secret.sealed, bond)
        assert "key_resealed" == store.audit.entries()[-1].what
        assert store.audit.broken_at() is None


def test_a_vault_key_that_is_missing_is_a_no(
    certdesk: FrontDoor, kept: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Exit 1 and by the key's id when no listed key opens what is held; exit 2 with none to seal with."""
    old, new = certdesk("vault-key").out.strip(), certdesk("vault-key").out.strip()
    with sql_store(kept) as store:
        bond = Bond(order_id=OrderId(1), purpose=Purpose.PRIVATE_KEY, round=1)
        vault = AesVault((old,))
        secret = SealedSecret(bond=bond, key_id=vault.newest(), sealed=vault.seal(b"x", bond),
                              made_at=NOON, dies_at=NOON)  # fmt: skip
        assert store.orders.save(replace(change(store.orders.load(OrderId(1))), keeps=secret))

    assert 1 == certdesk("vault", "list").code
    none = certdesk("vault", "rotate")
    monkeypatch.setenv("CERTDESK_VAULT_KEY", new)
    listed, rotated = certdesk("vault", "list"), certdesk("vault", "rotate")

    assert (2, "") == (none.code, none.out)
    assert "CERTDESK_VAULT_KEY is empty" in none.err
    assert (1, 1) == (listed.code, rotated.code)
    assert "NO LISTED KEY OPENS IT" in listed.out
    assert f"List key {vault.newest()} again" in rotated.out


def test_evidence_is_the_same_bytes_each_time(
    certdesk: FrontDoor, kept: str, tmp_path: Path
) -> None:
    """A zip of the decisions and the audit that two people can compare by hash."""
    for name in ("one.zip", "two.zip"):
        assert 0 == certdesk("evidence", 1, "-o", name).code

    assert (tmp_path / "one.zip").read_bytes() == (tmp_path / "two.zip").read_bytes()
    with zipfile.ZipFile(tmp_path / "one.zip") as pack:
        assert {"README.txt", "manifest.json", "audit.jsonl", "request.json"} < set(pack.namelist())
        assert 2 == len(pack.read("audit.jsonl").splitlines())
