"""How a host joins a realm: its accounts and its service become principals, its keys go into a keytab."""

from collections.abc import Iterable, Mapping

from sandbox.exchange.kerberos.realm import Realm
from sandbox.exchange.wsman.accounts import Account


def join(realm: Realm, accounts: Iterable[Account], *, fqdn: str) -> Mapping[str, str]:
    """
    Make the principals of a host; accounts that are there already (another host's) get this password.

    Returns: the variables by which an acceptor finds the host's keys.
    """
    for account in accounts:
        realm.add_user(account.user, account.password)
    # A directory does not mind the case; MIT's database does, and clients ask in small letters.
    keytab = realm.add_service(f"HTTP/{fqdn.lower()}")
    return {
        "KRB5_CONFIG": str(realm.krb5_conf),
        "KRB5_KTNAME": f"FILE:{keytab}",
        "KRB5RCACHENAME": f"file2:{realm.replay_cache}",
    }
