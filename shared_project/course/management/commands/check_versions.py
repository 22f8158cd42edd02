from django.core.management.base import BaseCommand, CommandError

from shared_project.course import versions


class Command(BaseCommand):
    help = (
        "Compare the runs that pytest recorded with docs/reference/versions.json, from which the "
        "page of versions is made."
    )
    requires_system_checks = []

    def add_arguments(self, parser):
        parser.add_argument("--write", action="store_true", help="Write the file instead.")

    def handle(self, *, write, verbosity, **options):
        runs = versions.recorded()
        if not runs:
            raise CommandError("No run is recorded. `.ci/run` records them: run it first.")
        if write:
            versions.RECORD.write_text(versions.as_json(runs), encoding="utf-8")
        elif difference := versions.difference(runs):
            raise CommandError(
                f"{difference}\ndocs/reference/versions.json is not what ran. "
                "Run `python manage.py check_versions --write`, and commit the file."
            )
        if verbosity > 0:
            self.stdout.write(f"docs/reference/versions.json holds the {len(runs)} runs.")
