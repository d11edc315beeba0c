"""The lines to and from the runner: nothing is lost, nothing foreign passes for an answer."""

import base64
import xml.etree.ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.exchange.call import Call, RemoteError, Reply, Secret, Switch, Value
from bot.exchange.frames import BadFrame, BadValue, decode_answer, encode_request, is_last

_NONCE = "0123456789abcdef" * 2
_PREFIX = f"CD1 {_NONCE} 7 "
_clean = st.text(
    alphabet=st.characters(min_codepoint=0x20, exclude_categories=["Cs", "Cc"]).filter(
        lambda one: one not in "\ufffe\uffff"
    ),
    max_size=40,
)


def _b64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def _request(*values: tuple[str, Value], wants: tuple[str, ...] = ()) -> ET.Element:
    call = Call(op="cmdlet", cmdlet="Enable-ExchangeCertificate", values=values, wants=wants)
    line = encode_request(call, request_id=7, nonce=_NONCE)
    assert line.endswith(b"\n")
    return ET.fromstring(base64.b64decode(line[:-1]))


@pytest.mark.parametrize(
    ("value", "kind", "text"),
    [
        ("IIS,POP", "s", "IIS,POP"),
        (2048, "i", "2048"),
        (True, "b", "1"),
        (False, "b", "0"),
        (Switch.PRESENT, "w", None),
        (b"\x30\x00", "x", "MAA="),
        (Secret(text="geheim"), "k", "geheim"),
    ],
)
def test_each_type_has_its_letter(value: Value, kind: str, text: str | None) -> None:
    """The host gets typed values, by the table of docs/runner.md."""
    (node,) = _request(("Name", value)).findall("p")

    assert (node.get("n"), node.get("t"), node.text) == ("Name", kind, text)


@given(st.lists(_clean, max_size=4), _clean)
def test_any_text_survives_the_trip(items: list[str], text: str) -> None:
    """What arrives on the host is what was meant, markup and quotes included."""
    listed, single = _request(("L", tuple(items)), ("S", text)).findall("p")

    assert [node.text or "" for node in listed.findall("v")] == items
    assert (single.text or "") == text


def test_wanted_properties_keep_their_order() -> None:
    """The answer's fields are told apart by position alone."""
    request = _request(wants=("Thumbprint", "Services", "."))

    assert [node.text for node in request.findall("o")] == ["Thumbprint", "Services", "."]
    assert (request.get("id"), request.get("nonce")) == ("7", _NONCE)


@pytest.mark.parametrize("text", ["a\nb", "a\rb", "a\tb", "\x00", "\x7f", "\ufffe", "\ud800"])
def test_what_cannot_travel_is_refused(text: str) -> None:
    """Nothing is normalised silently: such a value is never sent."""
    with pytest.raises(BadValue, match="Nothing was sent"):
        _request(("Name", text))
    with pytest.raises(BadValue, match="Nothing was sent"):
        _request(("Name", (text,)))


def test_an_answer_is_read_field_by_field() -> None:
    """Objects, warnings and errors come apart; a dash is null, empty is empty."""
    lines = [
        "noise",
        f"{_PREFIX}O {_b64('ABC')}|-||{_b64('a|b')}",
        f"{_PREFIX}W {_b64('careful')}",
        f"{_PREFIX}E {_b64('no')}|{_b64('WriteError')}|{_b64('X,Y')}",
        f"{_PREFIX}.",
    ]

    assert decode_answer(lines, request_id=7, nonce=_NONCE) == Reply(
        objects=(("ABC", None, "", "a|b"),),
        warnings=("careful",),
        errors=(RemoteError(message="no", category="WriteError", error_id="X,Y"),),
    )


@pytest.mark.parametrize(
    "line",
    [
        f"CD1 {'f' * 32} 7 O {_b64('forged')}",
        f"CD1 {_NONCE} 8 O {_b64('of another request')}",
        f" {_PREFIX}O {_b64('shifted')}",
        f"cd1 {_NONCE} 7 O {_b64('case')}",
    ],
)
def test_a_line_without_the_nonce_is_noise(line: str) -> None:
    """What a cmdlet prints cannot pass for an answer."""
    assert decode_answer([line], request_id=7, nonce=_NONCE) == Reply()
    assert not is_last(line[:-1] + ".", request_id=7, nonce=_NONCE)


@pytest.mark.parametrize("rest", ["X", "O %%%", "O /w==", "", "o YQ=="])
def test_a_broken_line_with_the_nonce_is_a_fault(rest: str) -> None:
    """What claims to be an answer must be one."""
    with pytest.raises(BadFrame):
        decode_answer([_PREFIX + rest], request_id=7, nonce=_NONCE)
