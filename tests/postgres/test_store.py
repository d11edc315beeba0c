"""What only two processes at once, or PostgreSQL alone, can get wrong."""

from collections.abc import Callable
from threading import Barrier, Thread

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from bot.domain.ids import OrderId
from bot.domain.states import State
from bot.store.orders import SqlOrders
from tests.contract.samples import LINE, NOON, STATUS, change, draft, entry, place, placed, step
from tests.contract.stores import Store


