"""A fuse that blows at one chosen point of a run, as a kill of the process would."""


class Killed(BaseException):
    """The process is gone. Not an Exception: nothing in the house may catch it."""


class Fuse:
    """
    Counts the points at which a process can die, and blows at the one it was set to.

    Args:
        at: the number of the point, from 1; 0 never blows. Once blown it stays quiet: the next run is another
            process.
    """

    def __init__(self, at: int = 0) -> None:
        self.at = at
        self.passed = 0
        self.blown = ""

    def burn(self, where: str) -> None:
        """Pass one point."""
        self.passed += 1
        if self.passed == self.at and not self.blown:
            self.blown = where
            raise Killed(where)
