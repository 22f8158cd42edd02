"""Call something that may never answer."""

import time
from collections.abc import Callable
from multiprocessing.pool import ThreadPool
from typing import Any, NamedTuple


class Outcome(NamedTuple):
    value: Any
    error: Exception | None
    seconds: float


def attempt(seconds: float, function: Callable, *arguments) -> Outcome:
    """Call `function(*arguments)` in a thread of its own; return its value or its error.

    After `seconds` the error is a TimeoutError. The function is not stopped then, for nothing
    can stop a thread from outside, but it does not keep the program from ending. It gets its
    own database connections and must close them.
    """
    errors = []
    with ThreadPool(1) as pool:
        start = time.perf_counter()
        result = pool.apply_async(function, arguments, error_callback=errors.append)
        result.wait(seconds)
        elapsed = time.perf_counter() - start
        if not result.ready():
            return Outcome(None, TimeoutError(f"no answer within {seconds:g} s"), elapsed)
        if errors:
            return Outcome(None, errors[0], elapsed)
        return Outcome(result.get(), None, elapsed)
