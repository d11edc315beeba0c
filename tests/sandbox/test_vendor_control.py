"""The control API: the same order book for programs."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from aiohttp import ClientSession
from cryptography import x509

from sandbox.vendor.clock import wall_clock
from sandbox.vendor.issuance import lifetime_days
from sandbox.vendor.server import VendorDesk
from tests.sandbox.vendor_customer import (
    NAMES,
    alternative_names,
    chain_of,
    leaf_of,
    make_csr,
    one_authority,
    open_zip,
)


class Client:
    """JSON in, JSON out, over the address `start` gave."""

    def __init__(self, session: ClientSession, addresses: dict[str, str]) -> None:
        self._session = session
        self.addresses = addresses

    async def get(self, path: str) -> tuple[int, Any]:
        """Status and JSON."""
        async with self._session.get(f"{self.addresses['control']}{path}") as response:
            return response.status, await response.json()

    async def post(self, path: str, body: Any = None) -> tuple[int, Any]:
        """Status and JSON."""
        url = f"{self.addresses['control']}{path}"
        async with self._session.post(url, json=body) as response:
            return response.status, await response.json()

    async def fetch(self, url: str) -> bytes:
        """The bytes behind an address."""
        async with self._session.get(url) as response:
            assert response.status == 200
            return await response.read()

    async def zip(self, order_id: str) -> dict[str, bytes]:
        """The zip of an issued order, opened."""
        return open_zip(await self.fetch(f"{self.addresses['control']}/orders/{order_id}/zip"))

    async def place(self) -> str:
        """A new order's id."""
        _, order = await self.post("/orders", {"csr": make_csr(*NAMES)})
        return str(order["id"])


@pytest.fixture
async def desk() -> AsyncIterator[VendorDesk]:
    """A desk, not started."""
    desk = VendorDesk(authority=one_authority())
    yield desk
    await desk.stop()


@pytest.fixture
async def client(desk: VendorDesk) -> AsyncIterator[Client]:
    """A client of the started desk."""
    addresses = await desk.start()
    async with ClientSession() as session:
        yield Client(session, addresses)


async def test_order_is_placed_confirmed_and_fetched(client: Client) -> None:
    """The shortest way to a certificate."""
    status, placed = await client.post("/orders", {"csr": make_csr(*NAMES)})
    _, confirmed = await client.post(f"/orders/{placed['id']}/confirm")
    files = await client.zip(placed["id"])

    assert (status, placed["number"]) == (200, "SBX-1048576")
    assert [placed["status"], confirmed["status"]] == ["pending_validation", "issued"]
    assert f"{confirmed['serial_hex']}.crt" in files
    assert chain_of(files, anchors_pem=client.addresses["anchors_pem"])[0] == NAMES[0]


async def test_one_name_at_a_time_can_be_confirmed(client: Client) -> None:
    """The order waits for the other name, and says so."""
    order_id = await client.place()
    _, order = await client.post(f"/orders/{order_id}/confirm", {"name": NAMES[1]})

    assert order["status"] == "pending_validation"
    assert [name["confirmed"] for name in order["names"]] == [False, True]


async def test_start_tells_page_control_and_anchors(client: Client) -> None:
    """The keys of the contract; the anchors are the PEM text that /control/anchors serves too."""
    page, control = client.addresses["page"], client.addresses["control"]
    anchors = await client.fetch(f"{control}/anchors")

    assert set(client.addresses) == {"page", "control", "anchors_pem"}
    assert control == f"{page}control"
    assert anchors.decode() == client.addresses["anchors_pem"]


async def test_next_trouble_spoils_one_certificate(client: Client) -> None:
    """The order after it is sound again."""
    await client.post("/trouble", {"next": "extra_name"})
    names = []
    for _ in range(2):
        order_id = await client.place()
        await client.post(f"/orders/{order_id}/confirm")
        names.append(len(alternative_names(leaf_of(await client.zip(order_id)))))

    assert names == [3, 2]


async def test_rekey_keeps_the_number_and_gives_another_serial(client: Client) -> None:
    """One purchase, two certificates."""
    order_id = await client.place()
    _, first = await client.post(f"/orders/{order_id}/confirm")
    _, second = await client.post(f"/orders/{order_id}/rekey", {"csr": make_csr(*NAMES)})

    assert second["number"] == first["number"]
    assert second["certificates"] == [first["serial_hex"], second["serial_hex"]]


REFUSED: dict[str, tuple[str, Any, int]] = {
    "junk request": ("/orders", {"csr": "junk"}, 400),
    "no request": ("/orders", {}, 400),
    "not an object": ("/orders", ["csr"], 400),
    "a number as request": ("/orders", {"csr": 7}, 400),
    "no such order": ("/orders/7/confirm", None, 404),
    "no such name": ("/orders/{id}/confirm", {"name": "other.example.com"}, 400),
    "rekey of a pending order": ("/orders/{id}/rekey", {"csr": make_csr(*NAMES)}, 409),
    "clock moved back": ("/clock", {"advance_s": -1}, 400),
    "clock moved by a word": ("/clock", {"advance_s": "1"}, 400),
    "clock moved out of time": ("/clock", {"advance_s": 1e300}, 400),
    "unknown trouble": ("/trouble", {"next": "flood"}, 400),
}


@pytest.mark.parametrize("case", REFUSED)
async def test_refusal_is_a_sentence_and_changes_nothing(client: Client, case: str) -> None:
    """Status and a sentence; the orders are as before."""
    order_id = await client.place()
    before = await client.get("/orders")
    path, body, expected = REFUSED[case]
    status, answer = await client.post(path.replace("{id}", order_id), body)

    assert (status, answer["ok"]) == (expected, False)
    assert answer["error"].endswith(".")
    assert await client.get("/orders") == before


async def test_broken_json_is_a_sentence(client: Client) -> None:
    """The body is read by us, so it cannot end in a traceback."""
    url = f"{client.addresses['control']}/orders"
    async with client._session.post(url, data=b"{") as response:
        assert response.status == 400
        assert "not JSON" in (await response.json())["error"]


async def test_rejected_order_stays_rejected(client: Client) -> None:
    """No confirmation and no zip afterwards."""
    order_id = await client.place()
    await client.post(f"/orders/{order_id}/reject")
    status, _ = await client.post(f"/orders/{order_id}/confirm")
    _, order = await client.get(f"/orders/{order_id}")

    assert status == 409
    assert order["status"] == "rejected"


async def test_leaf_points_to_a_repository_that_answers(client: Client) -> None:
    """The issuer's certificate and the revocation list are where the leaf says."""
    order_id = await client.place()
    await client.post(f"/orders/{order_id}/confirm")
    leaf = leaf_of(await client.zip(order_id)).extensions
    points = leaf.get_extension_for_class(x509.CRLDistributionPoints).value
    access = leaf.get_extension_for_class(x509.AuthorityInformationAccess).value
    (crl_name,) = points[0].full_name or []
    issuer = await client.fetch(access[0].access_location.value)
    listed = x509.load_der_x509_crl(await client.fetch(crl_name.value))

    assert x509.load_der_x509_certificate(issuer) == one_authority().issuing
    assert list(listed) == []


async def test_desk_s_clock_can_be_moved_forward(client: Client) -> None:
    """A certificate made half a year later ends half a year later, as far as that day lets it live as long."""
    order_id = await client.place()
    _, first = await client.post(f"/orders/{order_id}/confirm")
    await client.post("/clock", {"advance_s": 150 * 86_400})
    _, second = await client.post(f"/orders/{order_id}/rekey", {"csr": make_csr(*NAMES)})
    ends = [datetime.fromisoformat(each["not_after"]) for each in (first, second)]

    today, later = wall_clock(), wall_clock() + timedelta(days=150)
    expected = 150 + lifetime_days(later) - lifetime_days(today)
    assert (ends[1] - ends[0]).days in {expected - 1, expected}


async def test_desk_started_again_knows_its_orders(client: Client, desk: VendorDesk) -> None:
    """Authority and book are kept for the process's life, the port too."""
    order_id = await client.place()
    await desk.stop()
    again = await desk.start()

    assert again == client.addresses
    assert (await client.get(f"/orders/{order_id}"))[1]["status"] == "pending_validation"
