"""A worker process: items on standard input, outcomes on standard output, until the input ends.

    length (4 octets, big-endian) | pickle of the Job         once
    length | pickle of an Item                                each, in order
    one line of JSON                                          the answers: {} when ready, then outcomes

Law: what comes from the parent is trusted, what goes to it is data: a document that takes over
this process gains no more of the parent than a line of JSON does. Libraries that print do not
reach the answers. When the parent is gone the input ends, and so does the worker, after its item.
"""

from __future__ import annotations

import json
import os
import pickle
import signal
import sys
from typing import Any, BinaryIO

from pdfseal.adapters.batch.work import carry_out


def write_frame(value: Any) -> bytes:
    data = pickle.dumps(value, protocol=5)
    return len(data).to_bytes(4) + data


def read_frame(stream: BinaryIO) -> Any:
    """The next value, None at the end of the input."""
    head = stream.read(4)
    if len(head) < 4:
        return None
    data = stream.read(int.from_bytes(head))
    return pickle.loads(data)


def main() -> None:
    answers = os.dup(1)
    os.dup2(2, 1)
    for number in (signal.SIGINT, signal.SIGTERM):  # the parent decides when to stop
        signal.signal(number, signal.SIG_IGN)
    job = read_frame(sys.stdin.buffer)
    try:
        os.write(answers, b"{}\n")
        while (item := read_frame(sys.stdin.buffer)) is not None:
            line = json.dumps(carry_out(job, item).to_json()).encode("ascii") + b"\n"
            while line:
                line = line[os.write(answers, line) :]
    except BrokenPipeError:  # the parent is gone: what was done is told by its mark
        pass


if __name__ == "__main__":
    main()
