from django.core.management.base import BaseCommand, CommandError
from django.db.models import Count, Max

from progress.orders import NAMELESS, pending_orders, process_pending
from shared_project.toolkit.locks import set_lock_timeout, wait_for_locks
from shared_project.toolkit.output import style_for
from shared_project.toolkit.progress import LineCounter
from shared_project.toolkit.shutdown import CommitGuard, GracefulShutdown
from shared_project.toolkit.text import printable


class Command(BaseCommand):
    help = (
        "Process the pending orders, batch by batch. Safe to stop at any point: run it again, "
        "and it goes on with the orders that are left."
    )

    def handle(self, *, verbosity, **options):
        processed = 0
        with GracefulShutdown() as stop, set_lock_timeout():
            # Orders that arrive from now on are for the next run: a busy shop must not keep this
            # one going for ever.
            scope = wait_for_locks(
                lambda: pending_orders().aggregate(last=Max("pk"), total=Count("pk")), stop
            )
            last, total = scope["last"] or 0, scope["total"]
            try:
                with (
                    LineCounter(self.stderr, verbosity, "Orders", total) as counter,
                    CommitGuard(self) as guard,
                ):
                    for count in stop.between(process_pending(last, stop)):
                        processed += count
                        counter.update(count)
                    if processed == total:
                        # From here on, a signal does not undo that all of it was done.
                        guard.commit_follows(f"Processed {total} pending orders.")
            finally:
                if verbosity > 0:
                    self.stdout.write(f"Processed {processed} of {total} pending orders.")
                    # Before any error, also in a log that takes both streams.
                    self.stdout.flush()
        stop.exit_if_requested()
        nameless = self.report_nameless(last, verbosity)
        others = total - processed - nameless
        if others > 0 and verbosity > 0:
            self.stderr.write(f"Changed meanwhile by another session: {others} orders.", str)
        if nameless:
            raise CommandError(
                f"Orders without a customer, left pending: {nameless} (-v 2 names them). "
                "Enter a customer for each, then run the command again."
            )

    def report_nameless(self, last, verbosity):
        numbers = pending_orders().filter(NAMELESS, pk__lte=last).values_list("number", flat=True)
        if verbosity > 1:
            for number in numbers.iterator():
                self.stderr.write(
                    f"Order {printable(number)} names no customer.",
                    style_for(self.stderr, self.style.WARNING),
                )
        return numbers.count()
