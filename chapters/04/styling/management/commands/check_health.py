import json
import logging
import sys

from django.core.management.base import BaseCommand, CommandError

from shared_project.toolkit.text import quoted
from styling.checks import run_checks

FORMATS = ("text", "json")

logger = logging.getLogger(__name__)
# Where the settings name no place for a log, it does not end up on stderr.
logger.addHandler(logging.NullHandler())


class Command(BaseCommand):
    help = (
        "Try out the databases, their migrations, the caches and the disks. The exit code is 1 "
        "if anything fails; -v 0 prints nothing and leaves it at that."
    )
    # A broken setting elsewhere shall not keep the report from being written.
    requires_system_checks = []

    def add_arguments(self, parser):
        parser.add_argument(
            "--format",
            choices=FORMATS,
            default="text",
            help="text for people, json for programs (default: %(default)s).",
        )

    def handle(self, *, verbosity, **options):
        chosen = options["format"]
        if chosen not in FORMATS:
            raise CommandError(f"--format must be text or json, not {quoted(chosen)}.")
        results = []
        for result in run_checks():
            results.append(result)
            level = logging.INFO if result.ok else logging.ERROR
            logger.log(level, "%s: %s", result.name, result.detail)
            if chosen == "text" and verbosity > 0:
                self.stdout.write(self.line(result))
        failed = [result for result in results if not result.ok]
        if chosen == "json" and verbosity > 0:
            self.stdout.write(document(results, healthy=not failed))
        if failed and verbosity == 0:
            sys.exit(1)
        if failed:
            names = ", ".join(result.name for result in failed)
            raise CommandError(
                f"{len(failed)} of {len(results)} checks failed: {names}."
            ) from failed[0].error

    def line(self, result):
        mark = self.style.SUCCESS("OK  ") if result.ok else self.style.ERROR("FAIL")
        return f"{mark}  {result.name:24} {result.milliseconds:8.1f} ms  {result.detail}"


def document(results, *, healthy):
    """Return the results as a JSON document."""
    checks = [
        {
            "name": result.name,
            "ok": result.ok,
            "milliseconds": result.milliseconds,
            "detail": result.detail,
        }
        for result in results
    ]
    return json.dumps({"healthy": healthy, "checks": checks}, indent=2)
