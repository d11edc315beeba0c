"""The house checks itself: its walls, its tables, its documents and what is shipped."""

import ast
import inspect
import re
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_type_hints

import pytest
import yaml

from bot import chase_ports, chat_ports, file_ports, key_ports, ports
from bot.certs.codes import CSR_CODES, STEP_OF_CODE
from bot.domain.approvals import Role
from bot.domain.audit import AuditEntry
from bot.domain.faults import FaultKind
from bot.domain.states import State
from bot.exchange.faults import Accident
from bot.exchange.tickets import CODES
from bot.settings import Settings
from handlers import headlines
from handlers.blocks.help import WORDS

HOUSE = Path(__file__).parents[1]
RUNBOOK = (HOUSE / "docs/runbook.md").read_text(encoding="utf-8")
ENV_EXAMPLE = (HOUSE / ".env.example").read_text(encoding="utf-8")
PYPROJECT = tomllib.loads((HOUSE / "pyproject.toml").read_text(encoding="utf-8"))


FAKES = {
    "Clock": "tests/unit/workflow/clock.py:FakeClock",
    "Orders": "tests/fakes/store.py:FakeOrders",
    "Audit": "tests/fakes/store.py:FakeAudit",
    "Outbox": "tests/fakes/store.py:FakeOutbox",
    "Pace": "tests/fakes/pace.py:FakePace",
    "Journal": "tests/fakes/store.py:FakeJournal",
    "ExchangeHosts": "tests/fakes/exchange.py:FakeExchangeHosts",
    "Prober": "tests/fakes/prober.py:FakeProber",
    "Notifier": "tests/unit/workflow/house.py:ToyChat",
    "KeyVault": "bot/system/vault.py:AesVault",
    "SealedSecrets": "tests/fakes/sealed.py:FakeSealedSecrets",
    "LeftFiles": "tests/fakes/files.py:FakeLeftFiles",
    "LocalKeys": "tests/unit/workflow/keys.py:ToyKeys",
    "BundleJudge": "tests/unit/workflow/house.py:ToyJudge",
    "Revocation": "tests/fakes/revocation.py:FakeRevocation",
    "VendorDesk": "bot/vendors/desk.py:GuidedDesk",
    "Reminders": "tests/fakes/reminders.py:FakeReminders",
    "People": "tests/fakes/people.py:FakePeople",
}
"""Where each port's stand-in lives; the vault and the desk need no other than the real ones."""

SUITES = {
    "Clock": "tests/unit/system/test_guard.py",
    "Orders": "tests/contract/test_orders.py",
    "Audit": "tests/contract/test_audit.py",
    "Outbox": "tests/contract/test_outbox.py",
    "Pace": "tests/contract/test_pace.py",
    "Journal": "tests/contract/test_journal.py",
    "ExchangeHosts": "tests/contract/test_exchange_hosts.py",
    "Prober": "tests/contract/test_prober.py",
    "Notifier": "tests/contract/test_notifier.py",
    "KeyVault": "tests/unit/system/test_vault.py",
    "SealedSecrets": "tests/contract/test_sealed_secrets.py",
    "LeftFiles": "tests/contract/test_order_files.py",
    "LocalKeys": "tests/unit/system/test_local_keys.py",
    "BundleJudge": "tests/unit/system/test_judge.py",
    "Revocation": "tests/contract/test_revocation.py",
    "VendorDesk": "tests/unit/vendors/test_desk.py",
    "Reminders": "tests/contract/test_reminders.py",
    "People": "tests/unit/handlers/test_people.py",
}
"""Which file tries what each port promises."""


def sources(*rooms: str) -> Iterator[tuple[Path, ast.Module]]:
    """Every module of these rooms, parsed."""
    for room in rooms:
        for path in sorted((HOUSE / room).rglob("*.py")):
            yield path, ast.parse(path.read_text(encoding="utf-8"))


def codes_given_to(*makers: str) -> set[str]:
    """Every literal code, or constant of the same file, that stands first or as ``code=`` in a call of these."""
    found: set[str] = set()
    for _, module in sources("bot", "handlers"):
        constants = dict(_constants(module))
        for call in (node for node in ast.walk(module) if isinstance(node, ast.Call)):
            name = getattr(call.func, "id", getattr(call.func, "attr", ""))
            given = [*call.args[:1], *(k.value for k in call.keywords if k.arg == "code")]
            if name in makers:
                found |= {_text(value, constants) for value in given}
    return found - {""}


def _constants(module: ast.Module) -> Iterator[tuple[str, str]]:
    for node in module.body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            yield node.targets[0].id, _text(node.value, {})


def _text(value: ast.expr, constants: dict[str, str]) -> str:
    match value:
        case ast.Constant(value=str(text)):
            return text
        case ast.Name(id=name):
            return constants.get(name, "")
        case _:
            return ""


REFUSALS = codes_given_to("Refused") | {"order-unknown"} | {f"not-{role.value}" for role in Role}
STOPS = codes_given_to("NeedsPerson", "TryLater", "HostRefused", "PlanFailed", "HostFailed")
FINDINGS = {*STEP_OF_CODE, *CSR_CODES, *codes_given_to("Finding"), "not_expected"}


def test_the_walls_stand() -> None:
    """Every contract of .importlinter holds."""
    told = subprocess.run(
        [sys.executable, "-c", "from importlinter.cli import lint_imports_command as run; run()"],
        capture_output=True, check=False, cwd=HOUSE, text=True,
    )  # fmt: skip

    assert 0 == told.returncode, told.stdout
    assert " 0 broken" in told.stdout


def test_every_port_has_a_fake_and_a_suite() -> None:
    """A port is added together with its stand-in and with the file that tries its promises."""
    named = {
        name for room in (ports, key_ports, chat_ports, chase_ports, file_ports) for name, value in vars(room).items()
        if inspect.isclass(value) and getattr(value, "_is_protocol", False) and value.__module__ == room.__name__
    }  # fmt: skip

    assert named == set(FAKES) == set(SUITES)


@pytest.mark.parametrize("port", sorted(FAKES))
def test_the_fake_of_a_port_has_the_port_s_methods(port: str) -> None:
    """Each stand-in is where it is said to be, and can do all that the port asks."""
    path, _, name = FAKES[port].partition(":")
    module = ast.parse((HOUSE / path).read_text(encoding="utf-8"))
    classes = {node.name: node for node in module.body if isinstance(node, ast.ClassDef)}
    methods = {node.name for node in classes[name].body if isinstance(node, ast.FunctionDef)}

    contract = next(
        getattr(room, port)
        for room in (ports, key_ports, chat_ports, chase_ports, file_ports)
        if hasattr(room, port)
    )

    assert {m for m in vars(contract) if not m.startswith("_")} <= methods


@pytest.mark.parametrize("port", sorted(SUITES))
def test_the_suite_of_a_port_holds_tests(port: str) -> None:
    """The file is there and tries something."""
    assert "def test_" in (HOUSE / SUITES[port]).read_text(encoding="utf-8")


READS = {
    "load",
    "steps",
    "progress",
    "in_states",
    "ends_of",
    "worklist",
    "placed_by",
    "being_cleared",
    "upload",
}
"""Methods of the orders that change nothing."""


def test_every_changing_method_of_the_orders_takes_an_audit_entry() -> None:
    """No change of an order's state can be written without one, by the methods of today and of tomorrow."""
    methods = {name for name in vars(ports.Orders) if not name.startswith("_")}
    changing = methods - READS
    assert {"save", "note_step", "place", "hand_in"} == changing
    hints = {name: get_type_hints(getattr(ports.Orders, name)) for name in changing}

    assert ports.Change is hints["save"]["change"]
    assert AuditEntry is get_type_hints(ports.Change)["entry"]
    assert AuditEntry is hints["note_step"]["entry"]
    assert ports.Change in hints["place"]["tell"].__args__
    assert ports.Change in hints["hand_in"]["tell"].__args__


@pytest.mark.parametrize(
    "code", sorted({*FaultKind, *REFUSALS, *STOPS, *FINDINGS, *(s.value for s in State)})
)
def test_every_code_stands_in_the_runbook(code: str) -> None:
    """A row of its own: what it means, and what to do."""
    assert re.search(rf"^\| `{re.escape(code)}` \| \S.* \| \S.* \|$", RUNBOOK, re.MULTILINE)


def test_the_runbook_names_nothing_that_does_not_exist() -> None:
    """A row whose code is gone goes too."""
    rows = set(re.findall(r"^\| `([^`]+)` \|", RUNBOOK, re.MULTILINE))

    states = {state.value for state in State}
    assert set() == rows - {*FaultKind, *Accident, *REFUSALS, *STOPS, *FINDINGS, *states}


def test_every_reason_of_kerberos_is_in_the_runbook() -> None:
    """They all are `host-sign-in` on the card; what to do differs."""
    assert set() == {
        code for code in {*CODES.values(), Accident.NOT_PROVEN} if f"`{code}`" not in RUNBOOK
    }


@pytest.mark.parametrize(
    ("codes", "titles"),
    [
        (REFUSALS, headlines.REFUSED),
        (FINDINGS, headlines.FINDINGS),
        ({kind.value for kind in FaultKind}, headlines.FAULTS),
        ({state.value for state in State}, headlines.STATES),
    ],
    ids=["refusals", "findings", "faults", "states"],
)
def test_every_code_has_its_words_in_chat(codes: set[str], titles: dict[str, Any]) -> None:
    """Nobody reads a bare code on a card."""
    assert set() == codes - {str(code) for code in titles}


def test_every_setting_is_in_the_example_with_a_comment() -> None:
    """And nothing else is; each setting, or the group it stands in, is explained right above it."""
    aliases = {field.alias for field in Settings.model_fields.values()}
    lines = ENV_EXAMPLE.splitlines()
    named = {}
    for at, line in enumerate(lines):
        if match := re.match(r"^#?([A-Z][A-Z0-9_]*)=", line):
            named[match[1]] = lines[at - 1]

    assert aliases == set(named)
    assert all(
        above.startswith("# ") or re.match(r"^#?[A-Z0-9_]+=", above) for above in named.values()
    )


def test_the_manifest_s_hint_names_the_words_of_the_command() -> None:
    """Each word people may type after `/cert` is in the hint and in `/cert help`, and neither invents one."""
    manifest = yaml.safe_load((HOUSE / "deploy/slack/manifest.yaml").read_text(encoding="utf-8"))
    [command] = manifest["features"]["slash_commands"]
    hinted = {part.split()[0] for part in command["usage_hint"].split("|")}
    known = {usage.split()[0] for usage, _ in WORDS}

    assert "/cert" == command["command"]
    assert hinted == known == {
        "request", "renew", "list", "status", "csr", "submitted", "issued", "install", "rollback", "retire",
        "cancel", "clear", "hosts", "inventory", "probe", "audit", "help",
    }  # fmt: skip


def test_every_dependency_is_explained() -> None:
    """docs/dependencies.md names each package of pyproject.toml, and why it is here."""
    page = (HOUSE / "docs/dependencies.md").read_text(encoding="utf-8")
    wanted = [*PYPROJECT["project"]["dependencies"], *PYPROJECT["dependency-groups"]["dev"]]
    names = {re.split(r"[\[<>=!~;]", line)[0].strip() for line in wanted}

    missing = {
        name for name in names if not re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", page)
    }
    assert set() == missing


def test_the_wheel_holds_the_house_and_nothing_else(tmp_path: Path) -> None:
    """No sandbox, no tests; and the files that are no Python come along."""
    subprocess.run(
        [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-index", "--no-deps", "--no-build-isolation",
         "--disable-pip-version-check", "--wheel-dir", str(tmp_path), str(_copy_of_the_house(tmp_path))],
        capture_output=True, check=True,
    )  # fmt: skip
    [wheel] = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as packed:
        names = packed.namelist()

    assert {"bot", "handlers"} == {n.split("/")[0] for n in names if ".dist-info" not in n}
    for data in _data_files():
        assert data in names


def _copy_of_the_house(folder: Path) -> Path:
    """What a build reads, apart from the tree others work in: a build leaves folders behind."""
    import shutil

    copy = folder / "house"
    for room in ("bot", "handlers", "sandbox", "tests"):
        shutil.copytree(HOUSE / room, copy / room, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(HOUSE / name, copy / name)
    return copy


def _data_files() -> list[str]:
    return [
        path.relative_to(HOUSE).as_posix()
        for room in ("bot", "handlers")
        for path in (HOUSE / room).rglob("*")
        if path.is_file() and path.suffix not in {".py", ".pyc"}
    ]


def test_what_is_said_stays_about_certdesk() -> None:
    """Every module says what it is for, apart from empty ones."""
    silent = [
        str(path.relative_to(HOUSE)) for path, module in sources("bot", "handlers")
        if module.body and not ast.get_docstring(module)
    ]  # fmt: skip

    assert [] == silent


@pytest.mark.parametrize("room", ["bot", "handlers"])
def test_files_stay_small(room: str) -> None:
    """A file that grows over 350 lines wants to be two."""
    long = {
        str(path.relative_to(HOUSE)): count for path, _ in sources(room)
        if (count := len(path.read_text(encoding="utf-8").splitlines())) > 400
    }  # fmt: skip

    assert {} == long


def test_decisions_are_numbered_once() -> None:
    """Each decision has a number of its own, in its file's name and in its title."""
    files = sorted((HOUSE / "docs" / "adr").glob("*.md"))
    titles = [file.read_text(encoding="utf-8").splitlines()[0] for file in files]

    assert [f"{number:04}" for number in range(1, len(files) + 1)] == [f.name[:4] for f in files]
    assert all(title.startswith(f"# {number}. ") for number, title in enumerate(titles, start=1)), (
        titles
    )
