"""What people read: quoted so that no value can leave its literal."""

from random import Random

import tree_sitter_powershell
from hypothesis import given
from hypothesis import strategies as st
from tree_sitter import Language, Node, Parser

from bot.certs.prints import Thumbprint
from bot.domain.plan import Service
from bot.exchange import cmdlets
from bot.exchange.call import Call, Secret
from bot.exchange.frames import BadValue
from bot.exchange.preview import preview_call, preview_intermediate, quote_text
from tests.unit.exchange.samples import MAIL, wish

_PARSER = Parser(Language(tree_sitter_powershell.language()))
# The oracle does not know PowerShell's other quotes and dashes: they are made plain before it looks (winrm.md 8).
_NORMAL = str.maketrans(
    {
        **dict.fromkeys("\u2018\u2019\u201a\u201b", "'"),
        **dict.fromkeys("\u201c\u201d\u201e", '"'),
        **dict.fromkeys("\u2013\u2014\u2015", "-"),
    }
)
_HOSTILE = (
    "'\u2018\u2019\u201a\u201b\"\u201c\u201d\u201e`$();|&#@{}[]<>-\u2013\u2014 \u00a0aé😀\\%^,"
)
_BREAKS = (
    "'",
    "''",
    "'; iex x; '",
    "$(iex x)",
    "@'",
    "'@",
    '"',
    "`",
    "`'",
    "#",
    "<#",
    "{",
    "-Force",
    "--%",
)
"""Fragments that end, open or escape something where a value leaves its literal."""
_texts = st.one_of(st.text(alphabet=_HOSTILE, max_size=30), st.text(max_size=30))


@given(_texts, st.lists(_texts, min_size=1, max_size=3))
def test_a_value_never_leaves_its_literal(text: str, items: list[str]) -> None:
    """One command with exactly the literals meant, whatever the values hold; or a refusal."""
    call = Call(
        op="cmdlet",
        cmdlet="New-ExchangeCertificate",
        values=(("FriendlyName", text), ("DomainName", tuple(items))),
    )
    try:
        line = preview_call(call)
    except BadValue:
        assert not all(_can_travel(value) for value in (text, *items))
        return
    root = _PARSER.parse(line.translate(_NORMAL).encode()).root_node

    assert not root.has_error
    assert _count(root, "command") == 1
    assert _literals(root) == [_meant(value) for value in (text, *items)]


def test_twenty_thousand_hostile_values_escape_nowhere() -> None:
    """A fixed storm of values made of what breaks literals: each is read back as itself, and nothing else is."""
    dice = Random(20_000)
    parts = [*_BREAKS, *_HOSTILE]
    values = ["".join(dice.choices(parts, k=dice.randint(1, 12))) for _ in range(20_000)]
    escaped = []
    for start in range(0, len(values), 100):
        some = tuple(values[start : start + 100])
        call = Call(op="cmdlet", cmdlet="Get-ExchangeCertificate", values=(("DomainName", some),))
        root = _PARSER.parse(preview_call(call).translate(_NORMAL).encode()).root_node
        if (
            root.has_error
            or _count(root, "command") != 1
            or _literals(root) != list(map(_meant, some))
        ):
            escaped.append(some)

    assert escaped == []


def test_the_five_quotes_are_doubled_each_by_itself() -> None:
    """Any of the five would end the literal; doubled, the same character stands for itself."""
    assert quote_text("a'b\u2018c\u2019d\u201ae\u201bf") == (
        "'a''b\u2018\u2018c\u2019\u2019d\u201a\u201ae\u201b\u201bf'"
    )


def test_every_kind_of_value_has_its_form() -> None:
    """Texts are quoted; switches, numbers and booleans are printed by code; secrets are asked for."""
    call = Call(
        op="cmdlet",
        cmdlet="Export-ExchangeCertificate",
        values=(("Confirm", False), ("KeySize", 2048), ("Password", Secret(text="hunter2"))),
    )

    assert preview_call(call) == (
        "Export-ExchangeCertificate -Confirm:$false -KeySize:2048 "
        "-Password:(Read-Host -AsSecureString)"
    )


def test_the_line_for_a_request_reads_like_the_reference() -> None:
    """People can paste it into the Exchange shell."""
    asked = wish()
    call = cmdlets.new_request(
        subject=asked.subject,
        names=asked.names,
        key_bits=2048,
        exportable=True,
        friendly_name="mail",
    )

    assert preview_call(call) == (
        'New-ExchangeCertificate -GenerateRequest -SubjectName:\'C=US,S=WA,O="Example, Inc.",'
        "CN=mail.example.com' -DomainName:'mail.example.com','autodiscover.example.com' "
        "-KeySize:2048 -PrivateKeyExportable:$true -FriendlyName:'mail'"
    )


def test_bytes_are_shown_as_the_file_a_person_has() -> None:
    """Nobody wants to read base64."""
    call = cmdlets.import_certificate("mail", data=b"\x30\x82")

    assert preview_call(call, file_name="a.cer") == (
        "Import-ExchangeCertificate -FileData:([IO.File]::ReadAllBytes('a.cer')) -FriendlyName:'mail'"
    )
    assert preview_intermediate("ca.cer") == "certutil -f -addstore CA 'ca.cer'"


def test_a_secret_prints_as_stars() -> None:
    """No log and no traceback can hold it."""
    call = Call(
        op="cmdlet", cmdlet="Export-ExchangeCertificate", values=(("P", Secret(text="x1")),)
    )

    assert "x1" not in repr(call)


def test_enabling_forces_only_when_told() -> None:
    """The answer to the SMTP question is never hidden in a builder."""
    plain = cmdlets.enable(Thumbprint("A" * 40), (Service.SMTP,), force=False, keep_http=False)
    forced = cmdlets.enable(Thumbprint("A" * 40), (Service.SMTP,), force=True, keep_http=False)

    assert "-Force" not in preview_call(plain)
    assert preview_call(forced).endswith("-Services:'SMTP' -Force")
    assert MAIL not in preview_call(plain)


def _can_travel(text: str) -> bool:
    return all(
        ord(one) >= 0x20 and one not in "\x7f\ufffe\uffff" and not "\ud800" <= one <= "\udfff"
        for one in text
    )


def _meant(value: str) -> str:
    """The value as the normalised literal holds it: quotes doubled, other signs made plain."""
    doubled = "".join(one * 2 if one in "'\u2018\u2019\u201a\u201b" else one for one in value)
    return doubled.translate(_NORMAL)


def _literals(node: Node) -> list[str]:
    if node.type == "verbatim_string_characters":
        text = node.text or b""
        return [text.decode()[1:-1]]
    return [found for child in node.children for found in _literals(child)]


def _count(node: Node, kind: str) -> int:
    return (node.type == kind) + sum(_count(child, kind) for child in node.children)
