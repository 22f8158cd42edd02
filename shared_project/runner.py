"""Run pytest behind `python manage.py test`."""

import pytest


class PytestRunner:
    """Django's TEST_RUNNER interface over pytest: `python manage.py test chapters/05`."""

    def __init__(
        self, verbosity=1, failfast=False, keepdb=False, keyword=None, pdb=False, **options
    ):
        self.verbosity = verbosity
        self.failfast = failfast
        self.keepdb = keepdb
        self.keyword = keyword
        self.pdb = pdb

    @classmethod
    def add_arguments(cls, parser):
        parser.add_argument(
            "--keepdb", action="store_true", help="Use the test database of the last run again."
        )
        parser.add_argument("-k", dest="keyword", help="Run only tests whose names match.")
        parser.add_argument("--pdb", action="store_true", help="Start the debugger at a failure.")

    def run_tests(self, test_labels, **kwargs):
        """Run the tests in the files and folders `test_labels`; return 0 where all pass."""
        arguments = [*test_labels]
        if self.verbosity == 0:
            arguments.append("--quiet")
        if self.verbosity > 1:
            arguments.append("-" + "v" * (self.verbosity - 1))
        if self.failfast:
            arguments.append("--exitfirst")
        if self.keepdb:
            arguments.append("--reuse-db")
        if self.keyword:
            arguments += ["-k", self.keyword]
        if self.pdb:
            arguments.append("--pdb")
        return pytest.main(arguments)
