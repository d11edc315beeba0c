"""What the desk answers when it will not do something: one sentence for the person in front of it."""

from typing import Any


class DeskRefused(Exception):
    """Nothing was changed; the text says why and what to do next, `status` is the HTTP answer."""

    status = 400


class NoSuchOrder(DeskRefused):
    """There is no order under that id."""

    status = 404

    def __init__(self, order_id: Any) -> None:
        super().__init__(
            f"There is no order {str(order_id)[:40]!r} at this desk. "
            "Orders live as long as the sandbox runs; open the list to see those that exist."
        )


class NotNow(DeskRefused):
    """The order exists but is in another state than this needs."""

    status = 409
