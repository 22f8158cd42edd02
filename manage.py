#!/usr/bin/env python
"""Django's command-line utility; shared_project/toolkit/process.py takes care of the process."""

import os
import signal
import sys
from pathlib import Path


def main():
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shared_project.settings")
    try:
        try:
            from shared_project.toolkit.process import ignore_signals, run
        except ImportError as error:
            sys.exit(
                f"{error}. Is Django installed, and the virtual environment activated? "
                "`python3 start.py` sets both up."
            )
        code = run(sys.argv, Path(__file__).resolve().parent)
        ignore_signals()
    # While Django is being imported, or right before the end.
    except (KeyboardInterrupt, RuntimeError) as stop:
        # Until Python 3.12, a RuntimeError hides what is raised while a class is made.
        if not isinstance(stop.__cause__ or stop, KeyboardInterrupt):
            raise
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        sys.stderr.write("Stopped by Ctrl-C.\n")
        code = 130
    sys.exit(code)


if __name__ == "__main__":
    main()
