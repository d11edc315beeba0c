"""The virtual host's own disk: paths are mere keys here and never touch the computer's files."""

from dataclasses import dataclass, field


@dataclass(slots=True)
class VirtualFiles:
    """Files by path, as Windows sees them: case does not count."""

    _content: dict[str, tuple[str, bytes]] = field(default_factory=dict)

    def write(self, path: str, data: bytes) -> None:
        self._content[path.lower()] = (path, data)

    def read(self, path: str) -> bytes | None:
        """The content, or None when there is no such file."""
        found = self._content.get(path.lower())
        return found[1] if found else None

    def exists(self, path: str) -> bool:
        return path.lower() in self._content

    def delete(self, path: str) -> bool:
        """True when there was such a file."""
        return self._content.pop(path.lower(), None) is not None

    def sizes(self) -> dict[str, int]:
        """Every path with its length in bytes."""
        return {path: len(data) for path, data in self._content.values()}
