"""What Prometheus is told: how old the machine's oldest work is, beside what the process says of itself."""

import logging
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime

from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, generate_latest
from prometheus_client.metrics_core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from bot.ports import Clock

log = logging.getLogger(__name__)

Page = tuple[bytes, str]
"""The text and its media type."""


class Metrics:
    """
    The page ``/metrics``, read anew each time it is asked for.

    Args:
        oldest: by kind of work, since when its oldest piece exists; None where there is none. It may block, and raise.
    """

    def __init__(self, oldest: Callable[[], Mapping[str, datetime | None]], clock: Clock) -> None:
        self._registry = CollectorRegistry(auto_describe=False)
        self._registry.register(_Work(oldest, clock))

    def page(self) -> Page:
        """Everything there is to tell now."""
        return generate_latest(REGISTRY) + generate_latest(self._registry), CONTENT_TYPE_LATEST


class _Work(Collector):
    def __init__(self, oldest: Callable[[], Mapping[str, datetime | None]], clock: Clock) -> None:
        self._oldest = oldest
        self._clock = clock

    def describe(self) -> Iterator[Metric]:
        return iter(())

    def collect(self) -> Iterator[Metric]:
        try:
            oldest = self._oldest()
        except Exception as fault:  # noqa: BLE001 - whatever it is, the rest of the page is still true
            log.warning("the age of the work is not known (%s)", type(fault).__name__)
            yield _up(0)
            return
        yield _up(1)
        ages = GaugeMetricFamily(
            "certdesk_oldest_work_age_seconds",
            "Age of the machine's oldest work: running, or waiting for its turn. 0 when there is none.",
            labels=["work"],
        )
        now = self._clock.now()
        for kind, since in oldest.items():
            ages.add_metric(
                [kind], 0.0 if since is None else max((now - since).total_seconds(), 0.0)
            )
        yield ages


def _up(value: int) -> Metric:
    return GaugeMetricFamily(
        "certdesk_database_up", "1 when the database answered, 0 when it did not.", value=value
    )
