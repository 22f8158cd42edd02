from django.core.management.base import BaseCommand, CommandError
from django.db.models import Count, Max

from greet.text import printable
from progress.counters import LineCounter
from progress.orders import NAMELESS, pending_orders, process_pending
from progress.stopping import StopSignals
from styling.streams import style_for


class Command(BaseCommand):
    help = (
        "Process the pending orders, batch by batch. Safe to stop at any point: run it again, "
        "and it goes on with the orders that are left."
    )

    def handle(self, *, verbosity, **options):
        # Orders that arrive from now on are for the next run: a busy shop must not keep this
        # one going for ever.
        scope = pending_orders().aggregate(last=Max("pk"), total=Count("pk"))
        last, total = scope["last"] or 0, scope["total"]
        processed = 0
        with StopSignals() as stop:
            try:
                with LineCounter(self.stderr, verbosity, "Orders", total) as counter:
                    for count in process_pending(last):
                        processed += count
                        counter.update(count)
                        if stop.requested:
                            break
            finally:
                if verbosity > 0:
                    self.stdout.write(f"Processed {processed} of {total} pending orders.")
                    # Before any error, also in a log that takes both streams.
                    self.stdout.flush()
        stop.end()
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
