"""People whose accounts are as the test says; everybody else has an open one of no known zone."""

from dataclasses import dataclass, field

from bot.chase_ports import Account
from bot.domain.ids import PersonId


@dataclass
class FakePeople:
    """`bot.chase_ports.People` over a dictionary."""

    accounts: dict[PersonId, Account] = field(default_factory=dict)

    def find(self, person: PersonId) -> Account:
        """A person's account."""
        return self.accounts.get(person, Account())
