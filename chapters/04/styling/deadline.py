"""Call something that may never answer."""

import queue
import threading
import time
from collections.abc import Callable
from typing import Any, NamedTuple

ROOM = 10_000_000  # bytes: a thread's stack, and a little to work with


class Answer(NamedTuple):
    value: Any
    error: Exception | None
    seconds: float


def run_with_timeout(seconds: float, function: Callable, *arguments) -> Answer:
    """Call `function(*arguments)` in a thread of its own; return its value or its error.

    After `seconds` the error is a TimeoutError; where no thread can be started, it is an
    OSError. The function is not stopped then, for nothing can stop a thread from outside, but
    it does not keep the program from ending. It gets its own database connections and must
    close them.
    """
    # A pool of multiprocessing would do, if it did not need /dev/shm, which can be read-only.
    answers = queue.SimpleQueue()

    def answer():
        try:
            answers.put((function(*arguments), None))
        except Exception as error:  # noqa: BLE001 (the caller gets it, whatever it is)
            answers.put((None, error))

    start = time.perf_counter()
    try:
        # A thread that runs out of memory while it begins is waited for without an end.
        bytearray(ROOM)
        threading.Thread(target=answer, daemon=True).start()
        value, error = answers.get(timeout=seconds)
    except queue.Empty:
        value, error = None, TimeoutError(f"no answer within {seconds:g} s")
    except (RuntimeError, MemoryError):
        reason = "no thread can be started: memory or the number of processes is used up"
        value, error = None, OSError(reason)
    return Answer(value, error, time.perf_counter() - start)
