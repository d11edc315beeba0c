"""Which binding is the front end and which the back end, and who is named as Auth certificate."""

from bot.certs.prints import Thumbprint
from bot.domain.surroundings import AuthCertificates, Fact, Web, WebBinding

_A = Thumbprint("A" * 40)
_B = Thumbprint("B" * 40)


def _binding(site: int | None, address: str, thumbprint: Thumbprint | None = _A) -> WebBinding:
    name = "" if site is None else f"Site {site}"
    port = int(address.rpartition(":")[2])
    return WebBinding(site=site, name=name, address=address, port=port, thumbprint=thumbprint)


def test_the_front_end_is_port_443_of_site_one() -> None:
    """Not another site on that port, not another port of that site."""
    front = _binding(1, "*:443", _B)
    web = Web(bindings=(_binding(3, "*:443"), _binding(1, "*:8443"), front))

    assert web.front_end is front


def test_of_several_addresses_the_one_for_all_counts() -> None:
    """Set-up adds 127.0.0.1; what people see is the other one."""
    everywhere = _binding(1, "*:443", _B)

    assert Web(bindings=(_binding(1, "127.0.0.1:443"), everywhere)).front_end is everywhere


def test_the_back_end_is_a_site_on_444() -> None:
    """A listener of no site is not Exchange's, nor is the default site on that port."""
    back = _binding(2, "*:444", _B)
    web = Web(bindings=(_binding(None, "0.0.0.0:444"), _binding(1, "*:444"), back))

    assert web.back_end is back


def test_what_is_not_there_is_none() -> None:
    """A machine without sites has neither."""
    web = Web()

    assert (web.front_end, web.back_end, web.bound_to(_A)) == (None, None, ())


def test_every_binding_of_a_certificate_is_found() -> None:
    """Whoever uses it, by whatever address, and with words for people."""
    here, there = _binding(None, "0.0.0.0:8172"), _binding(2, "*:444")
    web = Web(bindings=(here, there, _binding(1, "*:443", _B), _binding(4, "*:9443", None)))

    assert web.bound_to(_A) == (here, there)
    assert here.title == "the listener at 0.0.0.0:8172"
    assert there.title == "the web site 'Site 2' at *:444"


def test_auth_certificates_are_named_once() -> None:
    """The current one first; nothing for what is not set."""
    assert AuthCertificates(current=_A, previous=_B, next=_A).all == (_A, _B)
    assert AuthCertificates().all == ()


def test_every_fact_can_stand_in_a_sentence() -> None:
    """It is printed as it is."""
    assert all(str(fact) == fact.value and fact.value for fact in Fact)
