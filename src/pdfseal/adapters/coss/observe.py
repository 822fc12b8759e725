"""What the service tells its operators: JSON lines and Prometheus figures.

Law: no PDF, no base64, no key, no signature, no name, number or text of a person ever gets here.
A line holds what this module's callers name, which are codes, sizes, times and identifiers of
applications and requests.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import time
import traceback
from collections import defaultdict
from datetime import UTC, datetime
from typing import TextIO

_LEVELS = {"debug": 10, "info": 20, "warning": 30, "error": 40}
_BUCKETS_S = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)


class Log:
    """One JSON object a line. Writing a line is one system call: lines of several workers do not mix."""

    def __init__(self, level: str = "info", out: TextIO | None = None) -> None:
        self._least = _LEVELS[level]
        self._out = out

    def write(self, level: str, event: str, **facts: object) -> None:
        if _LEVELS[level] < self._least:
            return
        line = {
            "time": datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "level": level,
            "event": event,
            "worker": os.getpid(),
        } | facts
        text = json.dumps(line, ensure_ascii=False, separators=(",", ":"), default=str) + "\n"
        out = self._out or sys.stderr
        out.write(text)
        out.flush()

    def defect(self, event: str, error: BaseException, **facts: object) -> None:
        """Something unforeseen: its type and where it happened; not its message, which may quote input."""
        places = [
            f"{frame.filename.rpartition('/')[2]}:{frame.lineno} {frame.name}"
            for frame in traceback.extract_tb(error.__traceback__)[-6:]
        ]
        self.write("error", event, error=type(error).__name__, where=places, **facts)


class Metrics:
    """Counters of this worker, as Prometheus text. A scrape sees one worker at a time, by its label."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._requests: dict[tuple[str, int], int] = defaultdict(int)
        self._buckets: dict[tuple[str, float], int] = defaultdict(int)
        self._seconds: dict[str, float] = defaultdict(float)
        self._bytes = {"in": 0, "out": 0}
        self._turned_away: dict[str, int] = defaultdict(int)
        self._forms: dict[str, int] = defaultdict(int)
        self.bytes_in_flight = 0
        self.requests_in_flight = 0
        self._started = time.time()

    def request(self, endpoint: str, code: int, seconds: float, received: int, sent: int) -> None:
        with self._lock:
            self._requests[endpoint, code] += 1
            self._seconds[endpoint] += seconds
            self._bytes["in"] += received
            self._bytes["out"] += sent
            for bound in _BUCKETS_S:
                if seconds <= bound:
                    self._buckets[endpoint, bound] += 1

    def turned_away(self, reason: str) -> None:
        with self._lock:
            self._turned_away[reason] += 1

    def form(self, name: str) -> None:
        with self._lock:
            self._forms[name] += 1

    def text(self) -> str:
        """The exposition format, version 0.0.4."""
        worker = f'worker="{os.getpid()}"'
        with self._lock:
            lines = ["# TYPE pdfseal_requests_total counter"]
            lines += [
                f'pdfseal_requests_total{{endpoint="{endpoint}",code="{code}",{worker}}} {count}'
                for (endpoint, code), count in sorted(self._requests.items())
            ]
            lines.append("# TYPE pdfseal_request_seconds histogram")
            for endpoint in sorted(self._seconds):
                name, label = "pdfseal_request_seconds", f'endpoint="{endpoint}",{worker}'
                count = sum(n for (one, _), n in self._requests.items() if one == endpoint)
                lines += [
                    f'{name}_bucket{{{label},le="{bound}"}} {self._buckets[endpoint, bound]}'
                    for bound in _BUCKETS_S
                ]
                lines.append(f'{name}_bucket{{{label},le="+Inf"}} {count}')
                lines.append(f"{name}_sum{{{label}}} {self._seconds[endpoint]:.6f}")
                lines.append(f"{name}_count{{{label}}} {count}")
            for kind, label, values in (
                ("pdfseal_bytes_total", "direction", self._bytes),
                ("pdfseal_turned_away_total", "reason", self._turned_away),
                ("pdfseal_request_signature_forms_total", "form", self._forms),
            ):
                lines.append(f"# TYPE {kind} counter")
                lines += [f'{kind}{{{label}="{key}",{worker}}} {n}' for key, n in sorted(values.items())]
            for gauge, value in (
                ("pdfseal_bytes_in_flight", self.bytes_in_flight),
                ("pdfseal_requests_in_flight", self.requests_in_flight),
                ("pdfseal_start_time_seconds", self._started),
            ):
                lines += [f"# TYPE {gauge} gauge", f"{gauge}{{{worker}}} {value}"]
        return "\n".join(lines) + "\n"
