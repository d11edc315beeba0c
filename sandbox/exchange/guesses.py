"""Everything this host does without anybody having seen the real one do it. One table, served at /control/guesses."""

from dataclasses import asdict, dataclass
from typing import Final


@dataclass(frozen=True, slots=True, kw_only=True)
class Guess:
    """One guess: where it lives, what is assumed, and on what ground."""

    where: str
    assumed: str
    ground: str


GUESSES: Final = (
    Guess(
        where="wsman/shells.py create, start",
        assumed="a text shell takes the ShellId and the CommandId a client chose, and faults when they are taken",
        ground="MS-WSMV has both attributes and the fault list both faults; pypsrp sends them; not seen on a real host",
    ),
    Guess(
        where="engine/errors.py not_base64",
        assumed="text of error 9, not properly Base64 encoded",
        ground="wording unconfirmed; category ReadError from analysis of 15.0",
    ),
    Guess(
        where="engine/pfx.py open_pfx",
        assumed="a PFX locked with AES or sealed with SHA-256 is error 8 on every Windows before Server 2019 (10.0.17763)",
        ground="error 8 names AES on old systems; which build was the first to read it is not in the reference",
    ),
    Guess(
        where="engine/pfx.py write_pfx",
        assumed="Export locks with TripleDES and SHA-1 on every version and names no provider",
        ground="Windows' default for PFX export; unconfirmed for Exchange's cmdlet",
    ),
    Guess(
        where="engine/pfx.py _provider",
        assumed="a PFX without a provider's name puts its key into the CNG key storage provider, type 0",
        ground="seen with files made elsewhere (trap 10); a name in the key's bag is obeyed",
    ),
    Guess(
        where="engine/importing.py _source",
        assumed="text when neither FileData nor Path is given (error 11)",
        ground="wording unconfirmed",
    ),
    Guess(
        where="engine/keeping.py _check_removable",
        assumed="texts for UM, call router and federation certificates (error 15)",
        ground="wording unconfirmed; order from analysis of 15.0",
    ),
    Guess(
        where="engine/keeping.py remove_certificate",
        assumed="the confirmation is asked before the refusals are looked at",
        ground="the question belongs to the caller's side, the refusals to the service host",
    ),
    Guess(
        where="engine/enabling.py _check_roles, _um_item",
        assumed="texts of errors 21 and 22, of the Federation refusal and of the UM question",
        ground="wording unconfirmed",
    ),
    Guess(
        where="engine/enabling.py _warn_if_another_wins",
        assumed="text of warning 19; it is not given when the winner is the default certificate",
        ground="wording unconfirmed",
    ),
    Guess(
        where="engine/enabling.py _web_item",
        assumed="text of the question on enforcing SSL",
        ground="wording unconfirmed; matched by its beginning",
    ),
    Guess(
        where="engine/enabling.py _check_edge_credentials",
        assumed="text of error 23",
        ground="wording unconfirmed",
    ),
    Guess(
        where="engine/errors.py rpc_down",
        assumed="text of error 27, endpoint not registered",
        ground="wording unconfirmed",
    ),
    Guess(
        where="engine/requests.py _check_input, _free_path",
        assumed="texts of errors 38 and 39",
        ground="wording unconfirmed",
    ),
    Guess(
        where="engine/requests.py _names_and_subject",
        assumed="the CN is not added to the names on any version",
        ground="certain for 15.0, and a published sample; the documentation says otherwise",
    ),
    Guess(
        where="engine/requests.py new_certificate",
        assumed="a new self-signed certificate takes SMTP when -Services is not given",
        ground="analysis of 15.0; the documentation says IMAP, POP, SMTP",
    ),
    Guess(
        where="engine/csr.py _client_info",
        assumed="process name powershell.exe on 2007, Microsoft.Exchange.ServiceHost.exe later",
        ground="no sample from 2007 is known",
    ),
    Guess(
        where="profile.py os_version, csr_hash",
        assumed="10.0.x.2 as version text; SHA-1 on Windows 6.x, SHA-256 on 10.0",
        ground="samples exist up to Windows 2012 only; `csr_hash` overrides it",
    ),
    Guess(
        where="profile.py service_letters",
        assumed="5, 6 and 7 places in the column Services of 2007, 2010 and 2013",
        ground="7 from analysis, 6 seen in posts, 5 unconfirmed",
    ),
    Guess(
        where="engine/dialect.py Enable-ExchangeCertificate",
        assumed="2007 has -Force",
        ground="unconfirmed; the cmdlet asks there as well",
    ),
    Guess(
        where="engine/exchange.py _error",
        assumed="2007 adds no prefix about RPC to its errors",
        ground="2007 ran its cmdlets in one process",
    ),
    Guess(
        where="engine/settings.py",
        assumed="texts for unknown objects, a bad X509CertificateName and error 40",
        ground="wording unconfirmed",
    ),
    Guess(
        where="engine/settings.py _show_connector, _check_enabled_for_smtp",
        assumed="SourceTransportServers prints bare server names; the pair of a connector is compared as text",
        ground="names are seen in consoles; the form of the objects behind them is unconfirmed",
    ),
    Guess(
        where="engine/settings.py _set_connector",
        assumed="an empty text clears TlsCertificateName as $null does",
        ground="$null is documented; the empty text is unconfirmed",
    ),
    Guess(
        where="engine/selection.py smtp_certificate",
        assumed="TlsCertificateName first, then the newest that is not self-signed for the FQDN, then the default",
        ground="rules of transport by documentation; newest-first among equals unconfirmed",
    ),
    Guess(
        where="engine/selection.py mail_certificate",
        assumed="POP and IMAP take the newest for X509CertificateName, not self-signed first",
        ground="they are documented to choose by name only",
    ),
    Guess(
        where="engine/fresh.py",
        assumed="X509CertificateName is the bare server name after setup",
        ground="the self-signed certificate shows IMAP and POP on a fresh host",
    ),
    Guess(
        where="engine/fresh.py _MANAGEMENT and runner/webwork.py _addresses",
        assumed="the management service listens on 0.0.0.0:8172; from 2013 on the front end has 127.0.0.1:443 as well",
        ground="seen by administrators on many hosts, in no documentation",
    ),
    Guess(
        where="runner/webwork.py",
        assumed="the layout of HTTP.SYS's registry keys, and that Exchange writes Require SSL into applicationHost.config",
        ground="the keys are undocumented and the same from 2008 to 2025 by report; the metabase's mapper writes that file",
    ),
    Guess(
        where="engine/organization.py",
        assumed="Get-HybridConfiguration from 2010 SP2 on, answering nothing without one; none of these cmdlets on Edge",
        ground="documentation of the cmdlets; their texts and further properties unconfirmed",
    ),
    Guess(
        where="runner/operations.py _check_session",
        assumed="text and category when the session on the second hop cannot be opened",
        ground="text of error 32; category unconfirmed",
    ),
    Guess(
        where="wsman/quotas.py max_operations",
        assumed="one figure of operations for all of a user's shells; they come back with the shell",
        ground="product note of MS-WSMV; behaviour of a real host unconfirmed",
    ),
    Guess(
        where="wsman/quotas.py idle_of",
        assumed="a session's idle time is what its client asks for, at the most the host's IdleTimeout; it begins anew with "
        "each message, and a Receive that waits is use",
        ground="Windows' policy Specify idle Timeout (counted from the last received message); cutting is unconfirmed, at "
        "Exchange's endpoint more than MaxIdleTimeoutms may be refused instead",
    ),
    Guess(
        where="wsman/service.py _receive",
        assumed="a terminated command ends with exit code -1073741510",
        ground="code of a process ended by ctrl-C",
    ),
    Guess(
        where="wsman/door.py",
        assumed="400 without a body for a message that cannot be unsealed, the connection stays",
        ground="reported by others, not seen",
    ),
    Guess(
        where="host.py _open_endpoint",
        assumed="outside a realm the endpoint takes NTLM under Negotiate, with sealed messages; in a realm Kerberos alone",
        ground="the real one wants Kerberos, and NTLM is reported as refused; a KDC is not on every machine",
    ),
    Guess(
        where="wsman/logon.py Ways",
        assumed="CbtHardeningLevel Relaxed looks at no channel binding, Strict wants the right one",
        ground="Strict was measured with pyspnego's acceptor; whether Relaxed refuses a wrong one is unconfirmed",
    ),
    Guess(
        where="wsman/logon.py Logon.challenges",
        assumed="a host of a domain offers Negotiate, Kerberos, CredSSP in this order; the endpoint Negotiate alone",
        ground="both words are reported of real hosts; their order is not",
    ),
    Guess(
        where="psrp/shapes.py shown",
        assumed="a certificate shows RawData and a text; SerializationData is left out, as with signing and no Auth certificate",
        ground="seen in saved objects of 2016 and 2019; the wire is taken to be the same",
    ),
    Guess(
        where="psrp/shapes.py selected",
        assumed="Select-Object is offered on every version; enumerations carry their names and no number",
        ground="it belongs to the set implicit remoting needs; unconfirmed per version",
    ),
    Guess(
        where="psrp/pipeline.py read_pipeline",
        assumed="no other proxy than Select-Object (no Get-Command, Measure-Object, Out-Default)",
        ground="they are offered on a real host; no client of ours needs them",
    ),
    Guess(
        where="psrp/endpoint.py _no_roles",
        assumed="error 31 comes as WSMan fault 2150858819",
        ground="the text is seen, with PSSessionStateBroken; the number is from memory",
    ),
    Guess(
        where="psrp/endpoint.py _STOPS",
        assumed="only the misspelled crtl_c stops a pipeline",
        ground="Windows' own client and plug-in are said to use it",
    ),
    Guess(
        where="wsman/quotas.py max_sessions",
        assumed="the 19th session of a user gives fault 2150859173",
        ground="18 in the default policy of 2010; the fault reported by others",
    ),
    Guess(
        where="engine/catalogue.py",
        assumed="texts of errors 9 to 11, 15, 18 to 23, 27 and 38 to 43; ids of 28, 29, 37 and 42",
        ground="wording unconfirmed; categories from analysis of 15.0",
    ),
    Guess(
        where="engine/languages.py",
        assumed="every German and Russian text; reasons, thumbprints, ids, categories and hex codes are the same",
        ground="no localized host was seen; enumerations and ids are not resources",
    ),
    Guess(
        where="engine/directory.py",
        assumed="what lags: default SMTP certificate, POP and IMAP names, connectors; Enable itself reads what it wrote",
        ground="they lie in Active Directory, and one cmdlet stays with one domain controller",
    ),
    Guess(
        where="wsman/quotas.py process_mb",
        assumed="a powershell.exe with Exchange's tools takes 120 MB of MaxMemoryPerShellMB",
        ground="unconfirmed; 150 MB of 2008 R2 must hold one",
    ),
    Guess(
        where="wsman/quotas.py WINDOWS_2012_R2, WINDOWS_2016",
        assumed="both have the same defaults; MaxShellRunTime is 2147483 s, and 8 h on 2008 R2",
        ground="documentation of WinRM 3 names no difference",
    ),
    Guess(
        where="wsman/quotas.py operations_form, quota_form",
        assumed="the quota of operations comes as MSFT_WmiError, the others as WSManFault",
        ground="seen so in reports; both can be set either way",
    ),
    Guess(
        where="wsman/shells.py _check_room",
        assumed="one process too many, by number or memory, gives fault 1816 on Command",
        ground="documented as `command fails` with errors in the style of 1726 and 1816",
    ),
    Guess(
        where="wsman/mishap.py half_close, kill_shell_host",
        assumed="nothing is done; afterwards the shell is unknown (2150858843)",
        ground="a dead process takes its shell along; which message meets it is chance",
    ),
    Guess(
        where="wsman/mishap.py _SESSION_FAULTS",
        assumed="numbers 2150858819, 2150858793, 2150858811 and 2150859173 for errors 31, 32, 33 and 41",
        ground="33 is seen; the others are from memory, the texts count",
    ),
    Guess(
        where="psrp/pools.py admit",
        assumed="the load quota counts requests on the wire and bars its user for a fixed time",
        ground="the text with its milliseconds is reported; what is counted is unconfirmed",
    ),
    Guess(
        where="psrp/roles.py",
        assumed="which cmdlets the roles and Server Management hold",
        ground="Exchange Server Certificates is documented; the names of the others are unconfirmed",
    ),
    Guess(
        where="psrp/work.py _ask",
        assumed="category NotSpecified and id HostFunctionNotImplemented of error 29",
        ground="the text is certain, category and id are not",
    ),
    Guess(
        where="wsman/shells.py start",
        assumed="a CommandId that was used in the shell gives fault 2150859222",
        ground="published list of error codes",
    ),
)


def listed() -> list[dict[str, str]]:
    """The table as JSON-ready values."""
    return [asdict(guess) for guess in GUESSES]
