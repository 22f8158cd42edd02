from django.core.management.base import BaseCommand, CommandError

from shared_project.shop.models import Product
from shared_project.toolkit import arguments
from shared_project.toolkit.output import Listing, discard_output
from shared_project.toolkit.shutdown import CommitGuard
from shared_project.toolkit.text import quoted
from transactions.categories import category_name, unknown_category
from transactions.prices import change_prices, preview_prices


class Command(BaseCommand):
    help = (
        "Change the prices of all products, or of one category, by a percentage. "
        "All or nothing: when it fails or is stopped, no price has changed."
    )

    def add_arguments(self, parser):
        parser.add_argument(
            "--percentage",
            type=arguments.percentage,
            required=True,
            metavar="P",
            help="How much to add: 10, or -2.5 to lower the prices. Greater than -100, at most "
            "10000, with up to four decimal places. Half a cent is rounded up.",
        )
        parser.add_argument(
            "--category",
            type=category_name,
            help="Only the products of this category, spelled as it is stored.",
        )
        parser.add_argument(
            "--dry-run", action="store_true", help="Say what would change, and change nothing."
        )

    def handle(self, *, percentage, category, dry_run, verbosity, **options):
        percentage = arguments.validate_option(arguments.percentage, percentage, "--percentage")
        products = Product.objects.all()
        if category is not None:
            category = arguments.validate_option(category_name, category, "--category")
            products = products.filter(category=category)

        def summary(outcome):
            verb = "Would change" if dry_run else "Changed"
            where = "" if category is None else f" in {quoted(category)}"
            prices = f"{outcome.changed} of {outcome.total} prices"
            return f"{verb} {prices}{where} by {percentage:+f} %."

        def before_commit(outcome):
            if outcome.total:  # Without products there is no work that could be done.
                guard.commit_follows(summary(outcome))

        # The list is printed after the commit: nobody reads of a change that is then rolled
        # back, and no slow reader prolongs the lock.
        with Listing() as lines:
            listing = lines if verbosity > 1 else None
            if dry_run:
                outcome = preview_prices(products, percentage, listing=listing)
            else:
                with CommitGuard(self) as guard:
                    outcome = change_prices(
                        products,
                        percentage,
                        listing=listing,
                        on_wait=lambda: self.wait(verbosity),
                        before_commit=before_commit,
                    )
            if category is not None and not outcome.total:
                raise CommandError(unknown_category(category))
            if verbosity == 0:
                return
            for line in lines:
                self.stdout.write(line)
        self.stdout.write(self.style.SUCCESS(summary(outcome)))

    def wait(self, verbosity):
        if verbosity > 0:
            try:
                self.stderr.write("Waiting for somebody else who writes to the products…", str)
            except OSError:
                # A notice that nobody can read is no reason to stop.
                discard_output(self.stderr)
