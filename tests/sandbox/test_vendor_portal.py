"""The portal by HTTP, as a browser without scripts uses it."""

from collections.abc import AsyncIterator

import pytest
from aiohttp import ClientResponse, ClientSession, CookieJar
from yarl import URL

from sandbox.vendor.frame import CSRF_FIELD
from sandbox.vendor.server import VendorDesk
from tests.sandbox.vendor_customer import (
    NAMES,
    Forms,
    alternative_names,
    chain_of,
    leaf_of,
    make_csr,
    one_authority,
    open_zip,
)


class Browser:
    """Fetches pages and sends their forms back; `page` is the text of the last answer."""

    def __init__(self, session: ClientSession, home: str) -> None:
        self._session = session
        self.home = URL(home)
        self.page = ""
        self.url = self.home
        self.status = 0

    async def open(self, path: str) -> str:
        """Get a page."""
        async with self._session.get(self.home.with_path(path)) as response:
            return await self._shown(response)

    async def send(self, action: str, **fields: str) -> str:
        """Send the last form with that action from the page shown, with its hidden fields."""
        filled = {**Forms(self.page).fields[action][-1], **fields}
        return await self.post(action, filled)

    async def send_first(self, action: str) -> str:
        """Send the first form with that action as it is."""
        return await self.post(action, Forms(self.page).fields[action][0])

    async def post(self, action: str, fields: dict[str, str], **headers: str) -> str:
        """Send fields as they are."""
        target = self.home.with_path(action)
        async with self._session.post(target, data=fields, headers=headers) as response:
            return await self._shown(response)

    async def place(self, *names: str) -> str:
        """Order for these names; the order's path."""
        await self.open("/orders/new")
        await self.send("/orders/review", csr=make_csr(*(names or NAMES)))
        await self.send("/orders")
        return self.url.path

    async def _shown(self, response: ClientResponse) -> str:
        self.page, self.url, self.status = await response.text(), response.url, response.status
        return self.page


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    """A browser in front of a fresh desk."""
    desk = VendorDesk(authority=one_authority())
    addresses = await desk.start()
    async with ClientSession(cookie_jar=CookieJar(unsafe=True)) as session:
        yield Browser(session, addresses["page"])
    await desk.stop()


async def test_customer_walks_from_paste_to_download(browser: Browser) -> None:
    """Paste, review, place, confirm each name, download: the zip verifies against the anchor."""
    await browser.open("/orders/new")
    review = await browser.send("/orders/review", csr=make_csr(*NAMES))
    assert "\n".join(NAMES) in review
    assert "Pending validation" in await browser.send("/orders")
    order = browser.url.path
    for _ in NAMES:
        assert "Pending validation" in browser.page
        await browser.send_first(f"{order}/confirm")
    assert "Issued" in browser.page

    async with browser._session.get(browser.home.with_path(f"{order}/zip")) as response:
        files = open_zip(await response.read())
        name = response.headers["Content-Disposition"]
    serial = f"{leaf_of(files).serial_number:x}"
    assert name == f'attachment; filename="{serial}.zip"'
    assert chain_of(files, anchors_pem=one_authority().anchors_pem())[0] == NAMES[0]


async def test_order_appears_in_the_list_with_its_number(browser: Browser) -> None:
    """The list links to the order by the number customers quote."""
    order = await browser.place()

    page = await browser.open("/")
    assert f'href="{order}"' in page
    assert "SBX-1048576" in page


async def test_pending_order_shows_a_record_for_each_name(browser: Browser) -> None:
    """Each domain has its own TXT value."""
    await browser.place()

    assert browser.page.count("sandbox-trust-verify=") == len(NAMES)


async def test_bad_paste_stays_in_the_form_with_a_sentence(browser: Browser) -> None:
    """The text is shown again, as text."""
    await browser.open("/orders/new")
    page = await browser.send("/orders/review", csr="</textarea><script>alert(1)</script>")

    assert browser.status == 400
    assert "This is not a certificate request." in page
    assert "script" not in Forms(page).tags


async def test_pasted_private_key_is_never_shown_again(browser: Browser) -> None:
    """The page asks for another request and forgets the key."""
    key = "-----BEGIN " + "PRIVATE KEY-----\nMIIEsecret"
    await browser.open("/orders/new")
    page = await browser.send("/orders/review", csr=key)

    assert "holds a private key" in page
    assert "MIIEsecret" not in page


@pytest.mark.parametrize("door", ["confirm", "reject", "trouble"])
async def test_form_without_its_token_changes_nothing(browser: Browser, door: str) -> None:
    """A page from elsewhere cannot act in the customer's name."""
    order = await browser.place()
    await browser.post(f"{order}/{door}", {CSRF_FIELD: "0" * 64, "next": "expired"})
    refused = browser.status

    page = await browser.open(order)
    assert refused == 400
    assert "Pending validation" in page
    assert 'value="expired" selected' not in page


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"csr=\xff\xfe", "application/x-www-form-urlencoded"),
        (b"form_token=%C3%A9&csr=%ED%A0%80", "application/x-www-form-urlencoded"),
        (b"csr=x", "application/x-www-form-urlencoded; charset=nope"),
        (b"--b\r\nContent", "multipart/form-data; boundary=b"),
        (b"", "text/plain"),
    ],
)
async def test_odd_form_is_refused_like_any_other(browser: Browser, body: bytes, kind: str) -> None:
    """Bytes that are no form end in a sentence, not in a traceback."""
    target = browser.home.with_path("/orders")
    async with browser._session.post(target, data=body, headers={"Content-Type": kind}) as answer:
        assert answer.status == 400
        assert "Nothing was done" in await answer.text()


async def test_request_of_a_foreign_page_is_turned_away(browser: Browser) -> None:
    """Origin must be the desk's own."""
    await browser.post("/control/trouble", {}, Origin="http://evil.example.com")

    assert browser.status == 403


async def test_request_for_another_host_name_is_turned_away(browser: Browser) -> None:
    """A name that was made to point to loopback gets no answer."""
    async with browser._session.get(browser.home, headers={"Host": "evil.example.com"}) as answer:
        assert answer.status == 403


@pytest.mark.parametrize("path", ["/", "/orders/new", "/orders/1048576"])
async def test_pages_forbid_scripts_and_hold_none(browser: Browser, path: str) -> None:
    """The policy allows our own style sheet and forms, nothing else."""
    await browser.place()

    async with browser._session.get(browser.home.with_path(path)) as response:
        policy = response.headers["Content-Security-Policy"]
        page = await response.text()
    assert policy.startswith("default-src 'none'; style-src 'self'")
    assert "script" not in Forms(page).tags


async def test_unknown_order_is_a_page_that_says_so(browser: Browser) -> None:
    """Markup in the address comes back as text."""
    page = await browser.open("/orders/<script>alert(1)")

    assert browser.status == 404
    assert "There is no order" in page
    assert "script" not in Forms(page).tags


async def test_rejected_order_has_no_download(browser: Browser) -> None:
    """After a rejection nothing can be confirmed or fetched."""
    order = await browser.place()
    assert "Rejected" in await browser.send(f"{order}/reject")

    page = await browser.open(f"{order}/zip")
    assert browser.status == 409
    assert "has no certificate to download" in page


async def test_rekey_with_known_names_issues_at_once(browser: Browser) -> None:
    """The same order gives another certificate; the earlier one stays listed."""
    order = await browser.place()
    await browser.send(f"{order}/confirm")
    first = await _serial(browser, order)

    await browser.open(f"{order}/rekey")
    page = await browser.send(f"{order}/rekey", csr=make_csr(*NAMES))
    assert browser.url.path == order
    assert first in page.split("Earlier certificates")[1]
    assert await _serial(browser, order) != first


async def test_rekey_with_a_new_name_asks_for_that_name_alone(browser: Browser) -> None:
    """Names proven before stay proven."""
    order = await browser.place()
    await browser.send(f"{order}/confirm")
    await browser.open(f"{order}/rekey")
    page = await browser.send(f"{order}/rekey", csr=make_csr(*NAMES, "owa.example.com"))

    assert "Pending validation" in page
    assert page.count("Confirm owa.example.com") == 1
    assert "Confirm mail.example.com" not in page


async def test_trouble_chosen_on_the_page_spoils_that_order_once(browser: Browser) -> None:
    """The certificate has the defect; a rekey heals it."""
    order = await browser.place()
    await browser.send(f"{order}/trouble", next="missing_name")
    await browser.send(f"{order}/confirm")
    spoiled = await _names(browser, order)
    await browser.open(f"{order}/rekey")
    await browser.send(f"{order}/rekey", csr=make_csr(*NAMES))

    assert spoiled == NAMES[:1]
    assert await _names(browser, order) == NAMES


async def _zip(browser: Browser, order: str) -> dict[str, bytes]:
    async with browser._session.get(browser.home.with_path(f"{order}/zip")) as response:
        return open_zip(await response.read())


async def _serial(browser: Browser, order: str) -> str:
    return f"{leaf_of(await _zip(browser, order)).serial_number:x}"


async def _names(browser: Browser, order: str) -> tuple[str, ...]:
    return tuple(alternative_names(leaf_of(await _zip(browser, order))))
