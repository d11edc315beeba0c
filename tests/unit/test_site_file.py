"""The site's file: the example loads, and a mistake is a sentence."""

from pathlib import Path

import pytest

from bot.domain.approvals import Gate, Role
from bot.domain.ids import HostName, PersonId
from bot.settings import BadSettings
from bot.site_file import load_site_file

EXAMPLE = Path(__file__).parents[2] / "certdesk.example.toml"


def faults(path: Path, text: str | bytes) -> tuple[str, ...]:
    """What is wrong with a file of this text."""
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(BadSettings) as raised:
        load_site_file(path)
    return raised.value.faults


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the test writes its file."""
    return tmp_path / "certdesk.toml"


def test_the_example_loads_as_it_is_explained() -> None:
    """People copy it, so it has to be right."""
    site = load_site_file(EXAMPLE).as_site()
    host = site.host(HostName("EX01"))

    assert {Role.APPROVER} == site.roles_of(PersonId("T0TEAM:U0MANAGER"))
    assert {Role.OPERATOR} == site.roles_of(PersonId("T0TEAM:U0OPERATOR"))
    assert host is not None
    assert ("2019", False) == (host.version, host.lab)
    assert {Gate.ISSUE: 1, Gate.INSTALL: 1} == site.policy.quorum
    assert "C0APPROVALS" == site.approvals_channel


def test_the_example_names_every_key() -> None:
    """A key that exists and is not in the example is not found by anybody."""
    from bot.site_file import (
        EscalationSection,
        HostSection,
        PersonSection,
        PolicySection,
        RemindersSection,
        SiteFile,
        SlackSection,
        VendorSection,
    )

    text = EXAMPLE.read_text(encoding="utf-8")
    sections = (
        EscalationSection, HostSection, PersonSection, PolicySection, RemindersSection, SiteFile, SlackSection,
        VendorSection,
    )  # fmt: skip
    keys = {key for section in sections for key in section.model_fields}

    assert set() == {key for key in keys if key not in text}


CHANGES: dict[str, tuple[str, str, str]] = {
    "an unknown key": ("lab = false", "lab = false\nlap = true", "lap"),
    "an unknown section": ("[policy]", "[wishes]\n[policy]", "wishes"),
    "a host twice, in another case": (
        "[[vendors]]", '[[hosts]]\nname = "ex01"\nversion = "se"\nwinrm = "https://x/"\n[[vendors]]', "ex01 is named twice",
    ),
    "a person twice": (
        "[[hosts]]", '[[people]]\nslack = "T0TEAM:U0MANAGER"\nname = "M"\nroles = []\n[[hosts]]', "T0TEAM:U0MANAGER is named twice",
    ),
    "basic over http": (
        'winrm = "https://ex01.corp.example.com:5986/wsman"\nauth = "kerberos"',
        'winrm = "http://ex01.corp.example.com:5985/wsman"\nauth = "basic"',
        "basic sends the password readable over http",
    ),
    "a Windows name for Kerberos": (
        'user = "svc-certdesk@CORP.EXAMPLE.COM"', 'user = "CORP\\\\svc-certdesk"', "name@REALM",
    ),
    "a service instead of its host": ('spn_host = ""', 'spn_host = "HTTP/ex01"', "hosts.0.spn_host"),
    "a door that has no address": ('door = "auto"', 'door = "psrp"', "door = psrp needs the address"),
    "an endpoint that is no address": ('psrp = ""', 'psrp = "ex01"', "hosts.0.psrp"),
    "a door nobody knows": ('door = "auto"', 'door = "back"', "hosts.0.door"),
    "a name that is a path": ('name = "EX01"', 'name = "../EX01"', "hosts.0.name"),
    "a display name for a person": ('"T0TEAM:U0MANAGER"', '"max"', "people.0.slack"),
    "a role nobody has": ('["approver"]', '["king"]', "people.0.roles"),
    "an Exchange nobody knows": ('version = "2019"', 'version = "2003"', "hosts.0.version"),
    "a port with another name": ("pop = 110", "pop3 = 110", "hosts.0.ports"),
    "a share above one": ("renew_at = 0.6667", "renew_at = 66", "policy.renew_at"),
    "a quorum of nobody": ("install = 1", "install = 0", "policy.quorum.install"),
    "a quorum at no gate": ("install = 1", "instal = 1", "policy.quorum"),
    "intervals that shrink": ("[4, 24, 48, 96]", "[24, 4]", "gate_hours must not shrink"),
    "a time that is none": ('quiet_from = "18:00"', 'quiet_from = "25:00"', "policy.reminders.quiet_from"),
    "a day that is none": ('"sunday"', '"sonntag"', "policy.reminders.free_days"),
    "no day left": (
        '["saturday", "sunday"]',
        '["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]',
        "leaves no day",
    ),
    "a zone nobody knows": ('time_zone = "UTC"', 'time_zone = "Berlin"', "is no time zone; write one like Europe/Berlin"),
    "a display name in a group": ("operator = []", 'operator = [["max"]]', "policy.escalation.operator"),
    "an empty group": ("operator = []", "operator = [[]]", "policy.escalation.operator"),
    "no channel": ('channels = ["C0CERTREQUESTS"]', "channels = []", "slack.channels"),
}  # fmt: skip
"""What somebody gets wrong: what to replace in the example, by what, and what the sentence names."""


@pytest.mark.parametrize("mistake", sorted(CHANGES))
def test_a_mistake_is_named(mistake: str, path: Path) -> None:
    """The sentence names the file and the place."""
    old, new, says = CHANGES[mistake]
    text = EXAMPLE.read_text(encoding="utf-8").replace(
        'auth = "kerberos"                        #', 'auth = "kerberos" #'
    )
    text = "\n".join(line.split(" #")[0].rstrip() for line in text.splitlines())
    assert old in text

    told = faults(path, text.replace(old, new, 1))

    assert str(path) in told[0]
    assert says in "\n".join(told)


@pytest.mark.parametrize(
    ("setting", "says"),
    [
        ({"keytab": "svc.keytab"}, "belong to auth = kerberos"),
        ({"delegate": True}, "belong to auth = kerberos"),
        ({"spn_host": "ex01.corp.example.com"}, "a name for Kerberos"),
    ],
)
def test_what_belongs_to_kerberos_is_refused_elsewhere(
    setting: dict[str, object], says: str
) -> None:
    """It would do nothing, and somebody would rely on it."""
    from bot.site_file import HostSection

    whole: dict[str, object] = {
        "name": "EX01",
        "version": "2019",
        "winrm": "https://ex01/",
        "auth": "ntlm",
    }
    with pytest.raises(ValueError, match=says):
        HostSection.model_validate(whole | setting)


@pytest.mark.parametrize(
    ("setting", "wants"),
    [
        ({"auth": "kerberos"}, True),
        ({"auth": "ntlm", "psrp": "http://ex01/PowerShell/"}, False),
        ({"auth": "credssp"}, False),
        ({"auth": "credssp", "psrp": "http://ex01/PowerShell/"}, True),
        ({"auth": "credssp", "psrp": "http://ex01/PowerShell/", "door": "winrm"}, False),
        ({"auth": "credssp", "psrp": "http://ex01/PowerShell/", "version": "2007"}, False),
    ],
)
def test_who_needs_tickets(setting: dict[str, object], *, wants: bool) -> None:
    """Where Kerberos signs in at one of the doors; the endpoint takes no CredSSP."""
    from bot.site_file import HostSection

    whole: dict[str, object] = {"name": "EX01", "version": "2019", "winrm": "https://ex01/"}
    assert HostSection.model_validate(whole | setting).wants_tickets is wants


def test_every_mistake_is_told_at_once(path: Path) -> None:
    """Three places, three sentences."""
    text = EXAMPLE.read_text(encoding="utf-8")
    wrong = text.replace('version = "2019"', 'version = "2003"').replace("0.6667", "66")
    wrong = wrong.replace('name = "Max Manager"', "")

    named = {fault.split(": ")[1] for fault in faults(path, wrong)}
    assert {"people.0.name", "hosts.0.version", "policy.renew_at"} <= named


@pytest.mark.parametrize(
    ("text", "says"), [("[slack", "is not TOML"), (b"\xff\xfe", "is not UTF-8"), ("", "hosts")]
)
def test_what_is_no_site_file_is_said(path: Path, text: str | bytes, says: str) -> None:
    """Half a file, another encoding, an empty one."""
    assert says in "\n".join(faults(path, text))


def test_a_missing_file_says_where_to_get_one(path: Path) -> None:
    """The first thing anybody meets."""
    with pytest.raises(BadSettings, match=r"Copy certdesk\.example\.toml there"):
        load_site_file(path)


def test_the_file_has_no_place_for_a_password() -> None:
    """It is named by its variable, its file or the program that has it; a key that would hold it is refused as unknown."""
    from bot.site_file import HostSection

    assert {"password_env", "password_file", "password_command"} == {
        k for k in HostSection.model_fields if "pass" in k
    }


@pytest.mark.parametrize(
    "second",
    [
        "https://ex01.corp.example.com:5986/wsman",
        "http://EX01.corp.example.com./wsman",
        "http://ex01.corp.example.com:5985/wsman",
    ],
)
def test_one_machine_under_two_names_is_a_mistake(path: Path, second: str) -> None:
    """Two orders would change it at once, each under its own name."""
    text = EXAMPLE.read_text(encoding="utf-8")
    extra = f'[[hosts]]\nname = "MAIL1"\nversion = "2019"\nwinrm = "{second}"\n'

    [told] = faults(path, f"{text}\n{extra}")
    assert "EX01 and MAIL1 are the same machine" in told


def test_hosts_behind_one_address_are_told_apart_by_their_ports(path: Path) -> None:
    """As behind a gateway that forwards a port to each."""
    text = EXAMPLE.read_text(encoding="utf-8")
    extra = (
        '[[hosts]]\nname = "EX02"\nversion = "2019"\n'
        'winrm = "https://ex01.corp.example.com:15986/wsman"\n'
    )
    path.write_text(f"{text}\n{extra}", encoding="utf-8")

    assert load_site_file(path).as_site().host(HostName("EX02")) is not None


def test_reminders_and_escalation_are_read(path: Path) -> None:
    """Hours, quiet times, the zone, and the groups in their order."""
    text = EXAMPLE.read_text(encoding="utf-8")
    text = text.replace('time_zone = "UTC"', 'time_zone = "Europe/Berlin"')
    text = text.replace("approver = []", 'approver = [["T0TEAM:U0HEAD"], ["T0TEAM:U0CIO"]]')
    path.write_text(text, encoding="utf-8")
    policy = load_site_file(path).as_site().policy

    assert (4, 24, 48, 96) == policy.reminders.gate_hours
    assert "Europe/Berlin" == str(policy.reminders.zone)
    assert (("T0TEAM:U0HEAD",), ("T0TEAM:U0CIO",)) == policy.escalation.groups["approver"]
