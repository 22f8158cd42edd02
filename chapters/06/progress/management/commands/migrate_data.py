from django.core.management.base import BaseCommand, CommandError
from django.db import IntegrityError
from django.db.models import Count, Max

from progress.customers import link_orders, unlinked_orders
from shared_project.toolkit.arguments import validate_option, whole_number
from shared_project.toolkit.locks import set_lock_timeout, wait_for_locks
from shared_project.toolkit.output import style_for
from shared_project.toolkit.progress import progress_bar
from shared_project.toolkit.shutdown import CommitGuard, GracefulShutdown
from shared_project.toolkit.text import printable, quoted

batch_size_type = whole_number(1, 1_000_000)


class Command(BaseCommand):
    help = (
        "Link every order to the customer that its old text names. Works batch by batch and is "
        "safe to stop at any point: run it again, and it goes on where it was."
    )

    def add_arguments(self, parser):
        parser.add_argument(
            "--batch-size",
            metavar="N",
            type=batch_size_type,
            default=100,
            help="How many orders to link in one transaction, 1 to 1000000 (default: 100).",
        )

    def handle(self, *, batch_size, verbosity, **options):
        batch_size = validate_option(batch_size_type, batch_size, "--batch-size")
        linked = refused = 0
        with GracefulShutdown() as stop, set_lock_timeout():
            scope = wait_for_locks(
                lambda: unlinked_orders().aggregate(last=Max("pk"), total=Count("pk")), stop
            )
            last, total = scope["last"] or 0, scope["total"]
            try:
                with (
                    progress_bar(self.stderr, verbosity, total=total, unit="order") as bar,
                    CommitGuard(self) as guard,
                ):
                    for batch in stop.between(link_orders(last, batch_size, stop)):
                        linked += batch.linked
                        refused += len(batch.refused)
                        if verbosity > 1:
                            bar.clear()
                            self.report(batch.refused)
                        bar.update(len(batch))
                    if linked == total:
                        # From here on, a signal does not undo that all of it was done.
                        guard.commit_follows(f"Linked {total} orders to their customers.")
            except IntegrityError as error:
                raise CommandError(
                    "A customer was deleted while its orders were being linked. Their batch was "
                    "rolled back; run the command again."
                ) from error
            finally:
                if verbosity > 0:
                    self.stdout.write(f"Linked {linked} of {total} orders to their customers.")
                    # Before any error, also in a log that takes both streams.
                    self.stdout.flush()
        stop.exit_if_requested()
        others = total - linked - refused
        if others > 0 and verbosity > 0:
            self.stderr.write(f"Changed meanwhile by another session: {others} orders.", str)
        if refused:
            raise CommandError(
                f"Orders left as they were: {refused} (-v 2 says why). "
                "Link them by hand in the admin."
            )

    def report(self, refused):
        for number, text, reason in refused:
            self.stderr.write(
                f"Order {printable(number)}: {quoted(text)} {reason}.",
                style_for(self.stderr, self.style.WARNING),
            )
