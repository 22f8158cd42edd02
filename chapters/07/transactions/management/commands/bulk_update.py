from tempfile import SpooledTemporaryFile

from django.core.management.base import BaseCommand, CommandError

from greet import arguments
from greet.text import quoted
from shared_project.shop.models import Product
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
            help="How much to add: 10, or -2.5 to lower the prices. Greater than -100. "
            "Half a cent is rounded up.",
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
        percentage = arguments.check(arguments.percentage, percentage, "--percentage")
        products = Product.objects.all()
        if category is not None:
            category = arguments.check(category_name, category, "--category")
            products = products.filter(category=category)

        # The list is printed after the commit: nobody reads of a change that is then rolled
        # back, and no slow reader prolongs the lock. Up to a megabyte of it is held in memory.
        with SpooledTemporaryFile(1_000_000, mode="w+", encoding="utf-8") as lines:
            listing = lines if verbosity > 1 else None
            if dry_run:
                outcome = preview_prices(products, percentage, listing=listing)
            else:
                outcome = change_prices(
                    products, percentage, listing=listing, on_wait=lambda: self.wait(verbosity)
                )
            if category is not None and not outcome.total:
                raise CommandError(unknown_category(category))
            if verbosity == 0:
                return
            lines.seek(0)
            for line in lines:
                self.stdout.write(line)
        verb = "Would change" if dry_run else "Changed"
        where = "" if category is None else f" in {quoted(category)}"
        self.stdout.write(
            self.style.SUCCESS(
                f"{verb} {outcome.changed} of {outcome.total} prices{where} by {percentage:+f} %."
            )
        )

    def wait(self, verbosity):
        if verbosity > 0:
            self.stderr.write("Waiting for somebody else who writes to the products…", str)
