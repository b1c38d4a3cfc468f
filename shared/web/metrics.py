"""The measures of a party in the text format of Prometheus, on a listener of their own that is not for the public.

The public listener knows nothing of them.  They are read anew for each scrape, part by part: a part that cannot be read
is told by `kreisweit_part_readable` and leaves the others.  Nothing is kept in the module and the library is loaded
only where the setting `metrics` is used, so that twelve parties of one process do not share anything.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Final, Self

from litestar import Litestar

from shared.errors import ConfigError, reason_of
from shared.logs import Log, describe_exception
from shared.measures import Measure, Part, Reading
from shared.net.listeners import Place
from shared.web.request_meter import BOUNDS, RequestMeter, Row

if TYPE_CHECKING:
    from threading import Thread
    from wsgiref.simple_server import WSGIServer

    from prometheus_client import Metric

REQUESTS: Final = Measure("kreisweit_http_requests_total", "requests by route and class of status", ("route", "status"))
DURATION: Final = Measure(
    "kreisweit_http_request_duration_seconds", "how long answers took, as a histogram", ("route",)
)
READABLE: Final = Measure("kreisweit_part_readable", "0 for a part of these measures that could not be read", ("part",))
OF_THE_WEB: Final = (REQUESTS, DURATION, READABLE)


class MetricsListener:
    """Answers scrapes at an address of its own while it is entered.

    Args:
        parts: reads the measures, by name of the part.
        meter: has counted the requests.
    """

    def __init__(self, place: Place, parts: Mapping[str, Part], meter: RequestMeter, log: Log) -> None:
        self.place = place
        self._collector = _Collector(parts, meter, log)
        self._running: tuple[WSGIServer, Thread] | None = None

    def __enter__(self) -> Self:
        """Begin to listen.

        Raises:
            ConfigError: the address cannot be used.
        """
        from prometheus_client import CollectorRegistry, ProcessCollector, start_wsgi_server

        registry = CollectorRegistry()
        registry.register(self._collector)
        ProcessCollector(registry=registry)
        host, port = self.place
        try:
            self._running = start_wsgi_server(port, host, registry)
        except OSError as error:
            raise ConfigError(
                f"Auf {host}:{port} (metrics) kann nicht gelauscht werden: {reason_of(error)}.",
                advice="Unter metrics eine eigene Adresse und einen freien Port nennen.",
            ) from error
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._running is not None:
            server, thread = self._running
            server.shutdown()
            server.server_close()
            thread.join()
            self._running = None


def measure_app(app: Litestar, place: Place, parts: Mapping[str, Part], log: Log) -> None:
    """Put the meter in front of everything and leave the listener for whoever serves, as `metrics` of its state."""
    app.asgi_handler = meter = RequestMeter(app.asgi_handler)
    app.state.metrics = MetricsListener(place, parts, meter, log)


class _Collector:
    """What the library asks for each scrape."""

    def __init__(self, parts: Mapping[str, Part], meter: RequestMeter, log: Log) -> None:
        self._parts = parts
        self._meter = meter
        self._log = log

    def describe(self) -> Sequence[Metric]:
        """Return nothing: whoever registers must not read the database."""
        return []

    def collect(self) -> Iterator[Metric]:
        """Read everything."""
        readable: dict[str, float] = {}
        for name, part in self._parts.items():
            readings = self._read(name, part)
            readable[name] = float(readings is not None)
            yield from (_gauge(reading) for reading in readings or ())
        yield _gauge(Reading(READABLE, [((name,), value) for name, value in readable.items()]))
        yield from _of_requests(self._meter.rows())

    def _read(self, name: str, part: Part) -> Sequence[Reading] | None:
        try:
            return part()
        except Exception as error:  # noqa: BLE001 - a lost database or disk: that is what watching is for
            self._log.error("part_not_measured", part=name, **describe_exception(error))
            return None


def _gauge(reading: Reading) -> Metric:
    from prometheus_client.core import GaugeMetricFamily

    measure, samples = reading
    family = GaugeMetricFamily(measure.name, measure.meaning, labels=measure.labels)
    for labels, value in samples:
        family.add_metric(labels, value)
    return family


def _of_requests(rows: Mapping[tuple[str, str], Row]) -> Iterator[Metric]:
    from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily

    counted = CounterMetricFamily(REQUESTS.name, REQUESTS.meaning, labels=REQUESTS.labels)
    lasted = HistogramMetricFamily(DURATION.name, DURATION.meaning, labels=DURATION.labels)
    by_route: dict[str, Row] = {}
    for (route, status), row in rows.items():
        counted.add_metric([route, status], sum(row[:-1]))
        before = by_route.get(route)
        by_route[route] = row if before is None else [a + b for a, b in zip(before, row, strict=True)]
    for route, row in by_route.items():
        lasted.add_metric([route], _buckets(row[:-1]), row[-1])
    yield counted
    yield lasted


def _buckets(counts: Sequence[float]) -> list[tuple[str, float]]:
    """Return the classes as the format wants them: each with all that took less."""
    found, total = [], 0.0
    for bound, count in zip([*map(str, BOUNDS), "+Inf"], counts, strict=True):
        total += count
        found.append((bound, total))
    return found
