"""Keep what called commands print until it has become true."""

import io
from contextlib import contextmanager, redirect_stderr, redirect_stdout

from django.core.management.base import BaseCommand

from shared_project.toolkit.output import discard_output


class _Held(io.StringIO):
    # A terminal where the stream behind it is one, so that called commands color their output.
    def __init__(self, stream):
        super().__init__()
        self._stream = stream

    def isatty(self):
        return self._stream.isatty()

    def release(self):
        self._stream.write(self.getvalue(), str, ending="")


@contextmanager
def buffered_output(command: BaseCommand):
    """Yield the options `stdout` and `stderr` for commands that `command` calls in the block.

    What they print comes out of `command`'s own streams when the block has ended well. When it
    ends in an exception, what was printed on stdout is dropped: it was rolled back. A stderr
    that cannot be written changes nothing about how the block ends.

    Receivers of post_migrate use print(), so `sys.stdout` and `sys.stderr` of the whole process
    are replaced in the block. It then also holds what other threads print, and of two blocks that
    overlap in two threads, one may leave the other's stream behind. Use it in a process that runs
    one command, not in a server or a worker with threads.
    """
    stdout, stderr = _Held(command.stdout), _Held(command.stderr)
    try:
        with redirect_stdout(stdout), redirect_stderr(stderr):
            yield {"stdout": stdout, "stderr": stderr}
    finally:
        try:
            stderr.release()
        except OSError:
            discard_output(command.stderr)
    stdout.release()
