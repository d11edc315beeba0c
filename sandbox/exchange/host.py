"""One virtual Exchange host on real loopback wires: WinRM, Exchange's own endpoint, the TLS services, the control door."""

import secrets
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Literal

from sandbox.exchange.clock import HostClock, utc_now
from sandbox.exchange.control.changes import add_anchors
from sandbox.exchange.control.server import Control
from sandbox.exchange.engine.exchange import VirtualExchange
from sandbox.exchange.engine.fresh import fresh_host
from sandbox.exchange.kerberos.joining import join
from sandbox.exchange.kerberos.realm import Realm
from sandbox.exchange.known_scripts import KNOWN_BOOTSTRAP_SHA256, KNOWN_RUNNER_SHA256
from sandbox.exchange.net.doorman import Doorman
from sandbox.exchange.net.identity import make_identity
from sandbox.exchange.profile import PROFILES, Build, Version
from sandbox.exchange.psrp.endpoint import PsrpEndpoint
from sandbox.exchange.psrp.pools import Pools
from sandbox.exchange.psrp.roles import RoleGroup, cmdlets_of
from sandbox.exchange.psrp.work import Session
from sandbox.exchange.runner.operations import RunnerSession
from sandbox.exchange.runner.process import Scripts, start_process
from sandbox.exchange.tls.listeners import open_services
from sandbox.exchange.trouble import Levers, TroublePlan
from sandbox.exchange.wsman.accounts import Account, Accounts
from sandbox.exchange.wsman.door import WsmanDoor
from sandbox.exchange.wsman.quotas import Quotas, quotas_of
from sandbox.exchange.wsman.service import CommandLine, Principal, WsmanService
from sandbox.exchange.wsman.shells import Output, Process, Shells

_LOOPBACK = "127.0.0.1"
_FIRST_WITH_ENDPOINT = 14


class ExchangeHost:
    """
    A host to start, drive over its wires, and stop. Several may run in one process.

    `engine` gives tests the state without the wire; `plan` is the trouble plan; `accounts` may hold users
    who are no administrators. `second_hop=False` makes the host refuse the session mode, as a plain NTLM
    log-on does where nothing is delegated. `port` is that of WinRM over HTTP, 0 for a free one.
    `role_groups` says by user who may do what at Exchange's own endpoint; whoever is not in it has no role there.
    `denied_cmdlets` are missing there for everybody, as where an organization has cut its roles.
    `latency_s` is added to every HTTP request of WinRM, standing for a network.
    `realm` is a running realm: the host and its accounts join it, its doors take Kerberos, and Exchange's own endpoint
    takes nothing else. `strict_binding` is CbtHardeningLevel Strict: over HTTPS a sign-in must be bound to the certificate.
    """

    def __init__(
        self,
        *,
        name: str = "EX01",
        domain: str = "corp.example.com",
        version: Version = "2019",
        build: Build | None = None,
        csr_hash: Literal["sha1", "sha256"] | None = None,
        port: int = 0,
        user: str = "svc-certdesk",
        password: str | None = None,
        other_accounts: Iterable[Account] = (),
        role_groups: Mapping[str, RoleGroup] | None = None,
        tls_names: Iterable[str] = (),
        smtp_fqdn: str | None = None,
        anchors_pem: str = "",
        edge: bool = False,
        second_hop: bool = True,
        quotas: Quotas | None = None,
        more_bootstraps: Iterable[str] = (),
        more_runners: Iterable[str] = (),
        clock: Callable[[], datetime] = utc_now,
        latency_s: float = 0.0,
        realm: Realm | None = None,
        strict_binding: bool = False,
    ) -> None:
        profile = PROFILES[version]
        profile = replace(
            profile, build=build or profile.build, csr_hash=csr_hash or profile.csr_hash
        )
        self.clock = HostClock(clock)
        self.denied_cmdlets: set[str] = set()
        self.plan = TroublePlan(name)
        self.engine = VirtualExchange(
            fresh_host(
                name=name,
                domain=domain,
                profile=profile,
                clock=self.clock,
                smtp_fqdn=smtp_fqdn,
                edge=edge,
            )
        )
        if anchors_pem:
            add_anchors(self.engine, anchors_pem.encode())
        allowed = quotas or quotas_of(profile.os_version)
        self.shells = Shells(allowed, self.clock.now)
        self.pools = Pools(allowed, self.clock.now)
        self._levers = Levers(
            reboot=self.reboot,
            drop_sessions=self.drop_sessions,
            set_back=lambda seconds: self.clock.advance(-seconds),
        )
        self._port = port
        self._account = Account(user=user, password=password or secrets.token_urlsafe(18))
        self._other_accounts = list(other_accounts)
        self._role_groups = role_groups or {user: "Server Management"}
        self._tls_names = list(tls_names)
        self._second_hop = second_hop
        self._latency_s = latency_s
        self._realm = realm
        self._strict_binding = strict_binding
        self._scripts = Scripts(
            bootstraps=KNOWN_BOOTSTRAP_SHA256 | frozenset(more_bootstraps),
            runners=KNOWN_RUNNER_SHA256 | frozenset(more_runners),
        )
        self._service = WsmanService(
            machine=name,
            shells=self.shells,
            spawn=self._spawn,
            plan=self.plan,
            levers=self._levers,
        )
        self._endpoint = self._make_endpoint()
        self._doorman: Doorman | None = None
        self._control_doorman: Doorman | None = None
        self._accounts: Accounts | None = None
        self._door: WsmanDoor | None = None
        self._return: threading.Timer | None = None

    def start(self) -> dict[str, object]:
        """
        Open every door; gives back addresses and credentials, ready for JSON.

        `psrp` is null where Exchange has no endpoint of its own: 2007 and Edge servers.
        """
        state = self.engine.state
        accounts = [self._account, *self._other_accounts]
        self._accounts = Accounts(
            accounts,
            host=state.name,
            netbios=state.netbios_domain,
            domain=state.domain,
            kerberos=join(self._realm, accounts, fqdn=state.fqdn) if self._realm else None,
        )
        identity = make_identity(names=[state.fqdn, *self._tls_names], at=utc_now())
        self._issue_client = identity.issue_client
        self._door = WsmanDoor(
            service=self._service,
            accounts=self._accounts,
            max_body=lambda: self.shells.quotas.max_envelope_kb * 1024,
            now=self.clock.now,
            latency_s=self._latency_s,
            binding=identity.binding if self._strict_binding else b"",
        )
        self._doorman = Doorman(state.name)
        self._control_doorman = Doorman(f"{state.name}-control")
        control = Control(
            exchange=self.engine,
            plan=self.plan,
            clock=self.clock,
            requests=self.request_counts,
            quotas=lambda: self.shells.quotas,
            allow=self.allow,
        )
        http = self._doorman.open(self._door.over_http(), port=self._port)
        https = self._doorman.open(self._door.over_https(identity.context))
        page = f"http://{_LOOPBACK}:{self._control_doorman.open(control.serve)}"
        return {
            "name": state.name,
            "version": state.profile.version,
            "fqdn": state.fqdn,
            "wsman_http": f"http://{_LOOPBACK}:{http}/wsman",
            "wsman_https": f"https://{_LOOPBACK}:{https}/wsman",
            "psrp": self._open_endpoint(self._doorman, self._accounts),
            "user": f"{state.netbios_domain}\\{self._account.user}",
            "password": self._account.password,
            "ca_pem": identity.ca_pem,
            "tls": open_services(self._doorman, self.engine),
            "control": f"{page}/control",
            "page": f"{page}/",
            "kerberos": self._kerberos(),
        }

    def _kerberos(self) -> dict[str, object] | None:
        """What a client of the realm needs; null where there is none."""
        realm = self._realm
        if realm is None:
            return None
        return {
            "realm": realm.name,
            "kdc_port": realm.port,
            "krb5_conf": str(realm.krb5_conf),
            "user": f"{self._account.user}@{realm.name}",
            "spn_host": self.engine.state.fqdn,
        }

    def issue_client_certificate(self, user: str) -> tuple[str, str]:
        """Certificate and key (PEM) by which a user may sign in over HTTPS; the host must be started."""
        return self._issue_client(user)

    def stop(self) -> None:
        """Close every door and end every process. Stopping twice is harmless."""
        if self._return is not None:
            self._return.cancel()
            self._return.join()
        self.drop_sessions()
        for doorman in (self._doorman, self._control_doorman):
            if doorman is not None:
                doorman.stop()
        if self._accounts is not None:
            self._accounts.close()
        self._doorman = self._control_doorman = self._accounts = self._return = None

    def reboot(self, seconds: float = 0.0) -> None:
        """Lose every shell and connection at once; refuse new ones for `seconds`. State is kept, as on a disk."""
        doorman = self._doorman
        if doorman is None:
            return
        if seconds > 0:
            if self._return is not None:
                self._return.cancel()
            doorman.shut_doors()
            self._return = threading.Timer(seconds, doorman.reopen_doors)
            self._return.start()
        self.drop_sessions()
        doorman.drop_guests()

    def allow(self, quotas: Quotas) -> None:
        """Set the quotas anew; what is open already stays open."""
        self.shells.quotas = self.pools.quotas = quotas

    def come_back(self) -> None:
        """Open the doors now, whatever time a reboot still has."""
        waiting, self._return = self._return, None
        if waiting is not None:
            waiting.cancel()
            waiting.join()
            if self._doorman is not None and not self._doorman.is_open():
                self._doorman.reopen_doors()

    def request_counts(self) -> dict[str, object]:
        """What came over WinRM so far: HTTP requests, those refused with 401, messages by action, living shells."""
        door = self._door
        return {
            "http": door.requests["http"] if door else 0,
            "refused": door.requests["refused"] if door else 0,
            "actions": self._service.counts(),
            "shells": self.shells.listed(),
            "endpoint": self._endpoint.counts(),
            "pools": self.pools.listed(),
        }

    def drop_sessions(self) -> None:
        """Lose every shell and every session; connections and log-ons stay."""
        self.shells.lose_all()
        self.pools.lose_all()

    def _make_endpoint(self) -> PsrpEndpoint:
        state = self.engine.state
        session = Session(
            exchange=self.engine, plan=self.plan, cmdlets_of=self._cmdlets_of, reboot=self.reboot
        )
        return PsrpEndpoint(
            machine=state.name,
            domain=state.domain,
            pools=self.pools,
            run=session.run,
            cmdlets_of=self._cmdlets_of,
            plan=self.plan,
            levers=self._levers,
        )

    def _open_endpoint(self, doorman: Doorman, accounts: Accounts) -> str | None:
        state = self.engine.state
        if state.profile.build[0] < _FIRST_WITH_ENDPOINT or state.edge:
            return None
        door = WsmanDoor(
            service=self._endpoint,
            accounts=accounts,
            max_body=lambda: self.shells.quotas.max_envelope_kb * 1024,
            now=self.clock.now,
            path="/powershell",
            kerberos_only=self._realm is not None,
        )
        return f"http://{_LOOPBACK}:{doorman.open(door.over_http())}/PowerShell"

    def _cmdlets_of(self, principal: Principal) -> frozenset[str]:
        user = principal.name.rpartition("\\")[2]
        return cmdlets_of(self._role_groups.get(user, "")) - self.denied_cmdlets

    def _spawn(self, line: CommandLine, output: Output) -> Process:
        session = RunnerSession(
            exchange=self.engine, principal=line.principal.name, second_hop=self._second_hop
        )
        return start_process(
            line.text,
            session=session,
            output=output,
            plan=self.plan,
            scripts=self._scripts,
            reboot=self.reboot,
        )
