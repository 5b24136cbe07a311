"""Alerting systems in a hurry: so many pages in so many seconds, each sent again until somebody has taken it."""

import itertools
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import httpx

SENDERS = 16
PATIENCE_S = 90.0  # a service that was killed has to start again meanwhile
AGAIN_S = 0.2


@dataclass
class Storm:
    """`urls`: the replicas, asked in turn; one that does not answer is passed over. A delivery keeps its id however often it is sent."""

    urls: Sequence[str]
    alerts: int = 500
    seconds: float = 10.0
    key: Callable[[int], str] = lambda _n: "storm"
    at: dict[float, Callable[[], None]] = field(default_factory=dict)  # second of the storm -> what happens then
    name: str = "storm"
    sent: int = 0  # requests, also those that got no answer
    took: list[float] = field(default_factory=list)  # seconds of each answer
    _turn: "itertools.count[int]" = field(default_factory=itertools.count)

    def blow(self) -> float:
        """Until every page was taken; the seconds from the first to the last."""
        start = time.monotonic()
        timers = [threading.Timer(second, event) for second, event in self.at.items()]
        for timer in timers:
            timer.start()
        with ThreadPoolExecutor(SENDERS) as senders, httpx.Client(timeout=10, trust_env=False) as client:
            list(senders.map(lambda n: self._deliver(client, n, start), range(self.alerts)))
        for timer in timers:
            timer.join()
        return time.monotonic() - start

    def _deliver(self, client: httpx.Client, n: int, start: float) -> None:
        time.sleep(max(0.0, start + n * self.seconds / self.alerts - time.monotonic()))
        body = {
            "routing_key": "k",
            "event_action": "trigger",
            "dedup_key": self.key(n),
            "payload": {"summary": f"12 % errors at {self.key(n)}", "source": "s", "severity": "error"},
        }
        while time.monotonic() < start + PATIENCE_S:
            self.sent += 1
            asked = time.monotonic()
            try:
                url = self.urls[next(self._turn) % len(self.urls)]
                answer = client.post(f"{url}/hooks/generic", json=body, headers={"Idempotency-Key": f"{self.name}-{n}"})
            except httpx.HTTPError:
                time.sleep(AGAIN_S)
                continue
            self.took.append(time.monotonic() - asked)
            if answer.status_code in (200, 202):
                return
            assert answer.status_code == 503, answer.text
            time.sleep(AGAIN_S)
        raise AssertionError(f"page {n} was taken by nobody")
