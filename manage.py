#!/usr/bin/env python
"""Django's command-line utility; shared_project/process.py takes care of the process."""

import os
import sys


def main():
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shared_project.settings")
    try:
        from shared_project.process import run
    except ImportError as error:
        sys.exit(
            f"{error}. Is Django installed, and the virtual environment activated? "
            "`python3 start.py` sets both up."
        )
    sys.exit(run(sys.argv))


if __name__ == "__main__":
    main()
