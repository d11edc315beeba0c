"""What the tests of the sandbox's Exchange host share: an authority, an engine, and a runner's client."""

import base64
import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from xml.sax.saxutils import escape, quoteattr

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.types import CertificatePublicKeyTypes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from winrm.protocol import Protocol

from sandbox.exchange.clock import HostClock
from sandbox.exchange.engine.exchange import Caller, Outcome, VirtualExchange
from sandbox.exchange.engine.fresh import fresh_host
from sandbox.exchange.engine.values import Argument, SecureString
from sandbox.exchange.profile import PROFILES

NOW: Final = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
CALLER: Final = Caller(principal="CORP\\tester")
BOOTSTRAP: Final = b"# a stand-in for the bootstrap\n"
RUNNER: Final = b"# a stand-in for the runner\n"
LINE: Final = (
    "powershell -NoProfile -NonInteractive -ExecutionPolicy Bypass -EncodedCommand "
    + base64.b64encode(BOOTSTRAP.decode().encode("utf-16-le")).decode()
)
SCRIPTS: Final[Mapping[str, Any]] = {
    "more_bootstraps": [hashlib.sha256(BOOTSTRAP).hexdigest()],
    "more_runners": [hashlib.sha256(RUNNER).hexdigest()],
}
NONCE: Final = "0123456789abcdef" * 2


class Authority:
    """A public CA in small: a root, one intermediate, certificates for anybody's CSR."""

    def __init__(self, name: str = "Lab", *, at: datetime = NOW) -> None:
        self._at = at
        self._root_key = ec.generate_private_key(ec.SECP256R1())
        self._key = ec.generate_private_key(ec.SECP256R1())
        root_name, ca_name = _cn(f"{name} Root"), _cn(f"{name} Issuing CA")
        self.root = self._sign_ca(root_name, root_name, self._root_key.public_key())
        self.intermediate = self._sign_ca(ca_name, root_name, self._key.public_key())

    @property
    def root_pem(self) -> bytes:
        return self.root.public_bytes(Encoding.PEM)

    def issue(
        self,
        public_key: CertificatePublicKeyTypes,
        *,
        names: Iterable[str] = ("mail.example.com",),
        usage: x509.ObjectIdentifier = ExtendedKeyUsageOID.SERVER_AUTH,
        start: timedelta = timedelta(days=-1),
        days: int = 198,
    ) -> x509.Certificate:
        """A leaf for this key; the first name is its CN."""
        listed = list(names)
        builder = (
            x509.CertificateBuilder()
            .subject_name(_cn(listed[0]))
            .issuer_name(self.intermediate.subject)
            .public_key(public_key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(self._at + start)
            .not_valid_after(self._at + start + timedelta(days=days))
            .add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
            .add_extension(
                x509.SubjectAlternativeName([x509.DNSName(name) for name in listed]),
                critical=False,
            )
        )
        return builder.sign(self._key, hashes.SHA256())

    def _sign_ca(
        self, subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey
    ) -> x509.Certificate:
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(issuer)
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(self._at - timedelta(days=400))
            .not_valid_after(self._at + timedelta(days=3650))
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .add_extension(_ca_usage(), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(self._root_key.public_key()),
                critical=False,
            )
        )
        return builder.sign(self._root_key, hashes.SHA256())


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """One answer of the runner, decoded."""

    objects: list[list[str | None]]
    warnings: list[str]
    errors: list[list[str | None]]


class RunnerClient:
    """A runner on a host, driven by real pywinrm; the frames are written from docs/runner.md."""

    def __init__(self, addresses: Mapping[str, Any]) -> None:
        self.protocol = connect(addresses)
        self.shell = self.protocol.open_shell(codepage=65001, noprofile=True)
        self.command = self.protocol.run_command(self.shell, LINE, console_mode_stdin=False)
        self.last_id = 0
        self.send_line(RUNNER)
        self.greeting, *_ = self.receive()

    def call(self, op: str, *, name: str = "", wants: Iterable[str] = (), **values: Any) -> Reply:
        self.last_id += 1
        inner = "".join(_parameter(key, value) for key, value in values.items())
        inner += "".join(f"<o>{escape(want)}</o>" for want in wants)
        attributes = (
            f'id="{self.last_id}" nonce="{NONCE}" op={quoteattr(op)} name={quoteattr(name)}'
        )
        self.send_line(f"<r {attributes}>{inner}</r>".encode())
        return self.reply()

    def reply(self) -> Reply:
        text = b""
        while not text.endswith(b" .\r\n"):
            out, err, _, done = self.receive()
            text += out
            assert not done, err
        return _decode(text.decode())

    def send_line(self, content: bytes) -> None:
        self.protocol.send_command_input(
            self.shell, self.command, base64.b64encode(content) + b"\n"
        )

    def receive(self) -> tuple[bytes, bytes, int, bool]:
        received: tuple[bytes, bytes, int, bool] = self.protocol.get_command_output_raw(
            self.shell, self.command
        )
        return received

    def close(self) -> None:
        self.protocol.close_shell(self.shell)


def connect(addresses: Mapping[str, Any], **options: Any) -> Protocol:
    """A pywinrm client for the host, NTLM over HTTP unless told otherwise."""
    given = {
        "endpoint": addresses["wsman_http"],
        "transport": "ntlm",
        "username": addresses["user"],
        "password": addresses["password"],
        "ca_trust_path": None,
        "proxy": None,
        "operation_timeout_sec": 5,
        "read_timeout_sec": 60,
    }
    return Protocol(**{**given, **options})


def make_engine(version: str = "2019", **options: Any) -> VirtualExchange:
    """A fresh host's engine at a fixed time."""
    state = fresh_host(
        name="EX01",
        domain="corp.example.com",
        profile=PROFILES[version],
        clock=HostClock(lambda: NOW),
        **options,
    )
    return VirtualExchange(state)


def run(engine: VirtualExchange, cmdlet: str, **arguments: Argument) -> Outcome:
    """One cmdlet by the engine itself."""
    return engine.invoke(cmdlet, arguments, CALLER)


def request_csr(engine: VirtualExchange, **arguments: Argument) -> x509.CertificateSigningRequest:
    """A pending request on a host of 2010 or later, read."""
    given: dict[str, Argument] = {"GenerateRequest": True, "SubjectName": "CN=mail.example.com"}
    outcome = run(engine, "New-ExchangeCertificate", **{**given, **arguments})
    assert not outcome.errors, outcome.errors
    return x509.load_pem_x509_csr(outcome.objects[0].text.encode())


def install_leaf(
    engine: VirtualExchange,
    authority: Authority,
    *,
    names: Iterable[str] = ("mail.example.com",),
    age: timedelta = timedelta(days=1),
) -> str:
    """Ask for a certificate, have it issued, import it with its intermediate; gives back its thumbprint."""
    listed = list(names)
    csr = request_csr(engine, SubjectName=f"CN={listed[0]}", DomainName=listed)
    leaf = authority.issue(csr.public_key(), names=listed, start=-age)
    engine.state.stores.add_root(authority.root, "ThirdParty")
    engine.state.stores.add_ca(authority.intermediate)
    outcome = run(engine, "Import-ExchangeCertificate", FileData=leaf.public_bytes(Encoding.DER))
    assert not outcome.errors, outcome.errors
    return str(outcome.objects[0].properties["Thumbprint"])


def _parameter(name: str, value: object) -> str:
    match value:
        case bool():
            return f'<p n="{name}" t="b">{int(value)}</p>'
        case int():
            return f'<p n="{name}" t="i">{value}</p>'
        case bytes():
            return f'<p n="{name}" t="x">{base64.b64encode(value).decode()}</p>'
        case list():
            items = "".join(f"<v>{escape(item)}</v>" for item in value)
            return f'<p n="{name}" t="l">{items}</p>'
        case SecureString(text=text):
            return f'<p n="{name}" t="k">{escape(text)}</p>'
        case "switch":
            return f'<p n="{name}" t="w"/>'
        case _:
            return f'<p n="{name}" t="s">{escape(str(value))}</p>'


def _decode(text: str) -> Reply:
    objects: list[list[str | None]] = []
    warnings: list[str] = []
    errors: list[list[str | None]] = []
    for line in text.splitlines():
        _, _, _, rest = line.split(" ", 3)
        kind, _, fields = rest.partition(" ")
        values = [_field(field) for field in fields.split("|")]
        match kind:
            case "O":
                objects.append(values)
            case "W":
                warnings.append(values[0] or "")
            case "E":
                errors.append(values)
    return Reply(objects=objects, warnings=warnings, errors=errors)


def _field(text: str) -> str | None:
    return None if text == "-" else base64.b64decode(text).decode()


def _cn(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _ca_usage() -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=False,
        key_encipherment=False,
        content_commitment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=True,
        crl_sign=True,
        encipher_only=False,
        decipher_only=False,
    )
