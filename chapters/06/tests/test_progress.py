import io
import os

import pytest
from django.core.management.base import OutputWrapper

from shared_project.toolkit import progress
from shared_project.toolkit.progress import LineCounter, RawStream, progress_bar, width_of


@pytest.fixture
def clock(monkeypatch):
    """Return a list with the one time that the counter and the log read."""
    time = [1000.0]
    monkeypatch.setattr(progress, "monotonic", lambda: time[0])
    return time


def count(stream, verbosity=1):
    with LineCounter(stream, verbosity, "Orders", 3) as counter:
        counter.update(2)
        counter.update()


def fill(stream, verbosity=1):
    with progress_bar(stream, verbosity, total=3, mininterval=0) as bar:
        bar.update(3)


@pytest.mark.parametrize("draw", [count, fill])
def test_draws_on_a_terminal(draw, terminal):
    draw(terminal)
    assert terminal.getvalue().startswith("\r")
    assert "3/3" in terminal.getvalue()
    assert terminal.getvalue().endswith("\n")


@pytest.mark.parametrize("draw", [count, fill])
def test_draws_neither_in_a_file_nor_in_a_pipe(draw):
    stream = io.StringIO()
    draw(OutputWrapper(stream))
    assert stream.getvalue() == ""


@pytest.mark.parametrize("draw", [count, fill])
def test_verbosity_0_draws_nothing(draw, terminal):
    draw(terminal, verbosity=0)
    assert terminal.getvalue() == ""


@pytest.fixture
def log():
    """Return a stream that is no terminal."""
    return OutputWrapper(io.StringIO())


@pytest.fixture
def always_due(monkeypatch):
    monkeypatch.setattr(progress, "LOG_INTERVAL", 0)


@pytest.mark.parametrize(
    ("draw", "lines"),
    [(count, "Orders: 2 of 3\nOrders: 3 of 3\n"), (fill, "Its: 3 of 3\n")],
)
def test_a_log_gets_a_line_when_one_is_due(draw, lines, log, always_due):
    draw(log)
    assert log.getvalue() == lines


@pytest.mark.parametrize(
    ("options", "line"),
    [
        ({"desc": "temp_files", "unit": "row", "total": 9}, "temp_files: 4 of 9\n"),
        ({"unit": "order", "total": 9}, "Orders: 4 of 9\n"),
        ({"unit": "order", "total": 0}, "Orders: 4 of 0\n"),
        ({"unit": "order"}, "Orders: 4\n"),
    ],
)
def test_a_line_of_the_log_says_what_is_counted(options, line, log, always_due):
    with progress_bar(log, 1, **options) as bar:
        bar.clear()
        bar.update(4)
    assert (log.getvalue(), bar.n) == (line, 4)


@pytest.mark.parametrize("make", [LineCounter, None])
def test_a_log_gets_one_line_a_minute(make, log, clock):
    counter = make(log, 1, "Orders", 9) if make else progress_bar(log, 1, unit="order", total=9)
    with counter:
        for _ in range(9):
            clock[0] += 25
            counter.update()
    assert log.getvalue() == "Orders: 3 of 9\nOrders: 6 of 9\nOrders: 9 of 9\n"


@pytest.mark.parametrize("draw", [count, fill])
def test_with_verbosity_0_a_log_gets_no_lines(draw, log, always_due):
    draw(log, verbosity=0)
    assert log.getvalue() == ""


@pytest.mark.parametrize("draw", [count, fill])
def test_a_terminal_gets_no_lines_of_a_log(draw, terminal, always_due):
    draw(terminal)
    assert " of 3" not in terminal.getvalue()


@pytest.mark.parametrize("draw", [count, fill])
def test_a_style_of_the_stream_does_not_reach_the_log(draw, log, always_due):
    log.style_func = str.upper
    draw(log)
    assert " of 3" in log.getvalue()


@pytest.mark.parametrize("draw", [count, fill])
def test_a_log_that_cannot_be_written_does_not_stop_the_work(draw, log, always_due, monkeypatch):
    tries = []

    def fail(*args):
        tries.append(args)
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(log, "_out", io.StringIO())
    monkeypatch.setattr(log._out, "write", fail)
    monkeypatch.setattr(log._out, "flush", fail)
    draw(log)
    assert tries


@pytest.mark.parametrize("draw", [count, fill])
def test_a_style_of_the_stream_does_not_reach_the_frames(draw, terminal):
    terminal.style_func = lambda text: f"\x1b[31m{text}\x1b[0m"
    draw(terminal)
    assert "\x1b[31m" not in terminal.getvalue()


@pytest.mark.parametrize("draw", [count, fill])
def test_a_terminal_that_was_closed_does_not_stop_the_work(draw, terminal, monkeypatch):
    def fail(*args):
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(terminal._out, "write", fail)
    monkeypatch.setattr(terminal._out, "flush", fail)
    draw(terminal)


def test_frames_keep_what_else_the_stream_can_do(terminal):
    assert RawStream(terminal).isatty()


@pytest.fixture
def columns(terminal, monkeypatch):
    """Return a function that says how many columns the terminal has."""

    def set_columns(columns):
        size = os.terminal_size((columns, 24))
        monkeypatch.setattr(terminal._out, "fileno", lambda: 2, raising=False)
        monkeypatch.setattr(progress.os, "get_terminal_size", {2: size}.__getitem__)

    return set_columns


@pytest.mark.parametrize("width", [2, 20, 44, 100])
def test_a_bar_leaves_the_last_column_free(terminal, columns, width):
    columns(width)
    fill(terminal)
    frames = terminal.getvalue().strip("\r\n").split("\r")
    assert {len(frame) for frame in frames} == {width - 1}


@pytest.mark.parametrize("width", [0, 1])
def test_a_terminal_without_a_width_says_nothing_about_it(terminal, columns, width):
    columns(width)
    assert width_of(terminal) is None


@pytest.mark.parametrize("error", [AttributeError, OSError, ValueError])
def test_a_stream_that_has_no_size_has_no_width(terminal, monkeypatch, error):
    def fail():
        raise error

    monkeypatch.setattr(terminal._out, "fileno", fail, raising=False)
    assert width_of(terminal) is None


def test_the_counter_stays_on_one_line(clock, terminal):
    count(terminal)
    assert terminal.getvalue() == "\rOrders: 0/3\rOrders: 3/3\n"


def test_the_counter_draws_at_most_ten_times_a_second(clock, terminal):
    with LineCounter(terminal, 1, "Orders", 100) as counter:
        for _ in range(100):
            clock[0] += 0.03
            counter.update()
    # Every fourth item of .03 s comes .1 s or more after the last frame.
    assert terminal.getvalue().count("\r") == 1 + 25 + 1
    assert "\rOrders: 4/100\rOrders: 8/100\r" in terminal.getvalue()


def test_the_counter_shows_how_far_it_came_when_the_work_fails(clock, terminal):
    def work():
        with LineCounter(terminal, 1, "Orders", 3) as counter:
            counter.update(2)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        work()
    assert terminal.getvalue().endswith("\rOrders: 2/3\n")


def test_a_hidden_counter_counts():
    with LineCounter(OutputWrapper(io.StringIO()), 1, "Orders", 3) as counter:
        counter.update(2)
    assert counter.done == 2
