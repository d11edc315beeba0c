"""The distinguished name a certificate is asked for, as people fill it in."""

from dataclasses import dataclass

_SPECIAL = frozenset(',+"\\<>;=#')


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """
    The parts of a subject; empty ones are left out.

    Limits are X.520's upper bounds: 64 characters for CN, O and OU, 128 for L and ST, 2 for C.
    """

    common_name: str
    country: str = ""
    state: str = ""
    locality: str = ""
    organization: str = ""
    unit: str = ""

    def as_exchange(self) -> str:
        """
        Print the value of ``-SubjectName``: country first, as Microsoft's examples do.

        Values that hold separators are quoted, quotes inside doubled (X500DistinguishedName).
        """
        return ",".join(f"{key}={_quoted(value)}" for key, value in self._parts() if value)

    def _parts(self) -> tuple[tuple[str, str], ...]:
        return (
            ("C", self.country),
            ("S", self.state),
            ("L", self.locality),
            ("O", self.organization),
            ("OU", self.unit),
            ("CN", self.common_name),
        )


def _quoted(value: str) -> str:
    if value == value.strip() and not _SPECIAL.intersection(value):
        return value
    return '"' + value.replace('"', '""') + '"'
