from pathlib import Path

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import DEFAULT_DB_ALIAS, connections, transaction

from chaining.confirmation import can_ask, confirmed
from chaining.fixture import check_fixture
from chaining.output import buffered_output
from chaining.replacement import replace_rows
from chaining.tables import (
    LOCK_SECONDS,
    describe,
    forget_content_types,
    has_pending_migrations,
    lock_and_count,
    rows,
)
from shared_project.toolkit.locks import session_settings
from shared_project.toolkit.output import style_for
from shared_project.toolkit.shutdown import CommitGuard
from shared_project.toolkit.text import printable

FIXTURE = Path(__file__).parents[2] / "fixtures" / "full_reset.json"


class Command(BaseCommand):
    help = (
        "Delete every row of the database and load the fixture full_reset.json. All or nothing: "
        "whatever happens, the rows are the old ones or the new ones. Uploaded files stay. Where "
        "another session holds a lock, it gives up after 5 seconds (20 on SQLite)."
    )

    def add_arguments(self, parser):
        parser.add_argument(
            "--no-input",
            "--noinput",
            action="store_false",
            dest="interactive",
            help="Do not ask before deleting.",
        )
        parser.add_argument(
            "--force", action="store_true", help="Go on although DEBUG is off, as in production."
        )
        parser.add_argument(
            "--database",
            default=DEFAULT_DB_ALIAS,
            choices=tuple(connections),
            help="The alias of the database to reset (default: %(default)s).",
        )

    def handle(self, *, database, interactive, force, verbosity, **options):
        # Code may pass anything: only a real False skips the question, only a real True forces it.
        asking = interactive is not False
        connection = self.check_target(database, asking=asking, forced=force is True)
        loaded = check_fixture(FIXTURE, database)
        if asking:
            self.confirm(connection, loaded)
        passed_on = {
            "database": database,
            "verbosity": verbosity,
            "no_color": options["no_color"],
            "force_color": options["force_color"],
        }
        with buffered_output(self) as streams:
            if has_pending_migrations(connection):
                with session_settings(connection, lock_timeout=f"{LOCK_SECONDS}s"):
                    call_command("migrate", interactive=False, **passed_on, **streams)
            with (
                CommitGuard(self) as guard,
                forget_content_types(),
                transaction.atomic(using=database, durable=True),
            ):
                deleted = rows(sum(lock_and_count(connection).values()))
                replace_rows(FIXTURE, **passed_on, **streams)
                result = f"Reset {describe(connection)}: {deleted} deleted, {loaded} loaded."
                guard.commit_follows(result)
        if verbosity > 0:
            self.stdout.write(self.style.SUCCESS(result))

    def check_target(self, database, *, asking, forced):
        """Return the connection of `database`; raise CommandError where it must not be reset."""
        if database not in connections:
            raise CommandError(
                f"DATABASES has no {printable(str(database))}. It has: {', '.join(connections)}."
            )
        connection = connections[database]
        if not settings.DEBUG and not forced:
            raise CommandError(
                f"DEBUG is off, so {describe(connection)} may hold real data. "
                "Add --force to reset it all the same."
            )
        if not connection.features.can_rollback_ddl:
            raise CommandError(
                f"{connection.display_name} cannot take back a flush, so a reset that fails "
                "would leave nothing. Use SQLite or PostgreSQL."
            )
        if asking and not can_ask():
            raise CommandError("There is no terminal to ask on. Add --no-input to reset unasked.")
        return connection

    def confirm(self, connection, loaded):
        """Make sure that the reset will succeed, then ask; raise CommandError if not told yes."""
        migrated = not has_pending_migrations(connection)
        with forget_content_types(), transaction.atomic(using=connection.alias, durable=True):
            lost = lock_and_count(connection)
            if migrated:
                with buffered_output(self) as streams:
                    replace_rows(FIXTURE, database=connection.alias, verbosity=0, **streams)
            transaction.set_rollback(True, using=connection.alias)
        title = f"This deletes every row of {describe(connection)}:"
        self.stderr.write(title, style_for(self.stderr, self.style.WARNING))
        for name, count in lost.items():
            self.stderr.write(f"{count:>8} {name}", str)
        text = f"It then loads {rows(loaded)} from {FIXTURE.name}. Uploaded files stay.\n"
        if not confirmed(self.stderr, f'{text}Type "yes" to go on: '):
            raise CommandError("Aborted. Nothing has changed.")
