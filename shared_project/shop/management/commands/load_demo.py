from argparse import ArgumentTypeError
from itertools import islice

from django.contrib.auth.models import User
from django.core.files.base import ContentFile
from django.core.management.base import BaseCommand, CommandError
from django.core.management.color import no_style
from django.db import IntegrityError, connection
from django.utils import timezone
from tqdm import tqdm

from shared_project.shop import demo
from shared_project.shop.models import (
    AuditLog,
    CartItem,
    Customer,
    Order,
    Product,
    Session,
    TempFile,
)

BATCH_SIZE = 2000


class Command(BaseCommand):
    help = "Load the demo shop. Rows that are there already stay as they are."

    def add_arguments(self, parser):
        parser.add_argument(
            "--scale",
            type=scale_factor,
            default=1,
            metavar="N",
            help="Multiply the number of rows, a thousand, by N (1 to 10000; default: 1).",
        )

    def handle(self, *, scale, verbosity, **options):
        try:
            scale = scale_factor(scale)
        except ArgumentTypeError as error:
            raise CommandError(f"--scale: {error}") from None
        now = timezone.now()
        tables = {
            User: demo.users,
            Product: demo.products,
            Customer: demo.customers,
            Order: demo.orders,
            AuditLog: demo.audit_logs,
            Session: demo.sessions,
            CartItem: demo.cart_items,
        }
        loaded = {}
        hidden = verbosity == 0 or not self.stderr.isatty()
        try:
            with tqdm(total=1000 * scale, unit="row", disable=hidden) as bar:
                for model, rows in tables.items():
                    loaded[model] = load_rows(model, rows(scale, now), bar)
                loaded[TempFile] = load_files(demo.temp_files(scale, now), bar)
        except IntegrityError:
            raise CommandError(
                "Rows of another shop are in the way. `python manage.py flush` deletes every row; "
                "then run this again."
            ) from None
        if verbosity == 0:
            return
        if not any(loaded.values()):
            self.stdout.write("The demo shop is loaded already; nothing has changed.")
            return
        counts = ", ".join(f"{n} {model._meta.verbose_name_plural}" for model, n in loaded.items())
        self.stdout.write(self.style.SUCCESS(f"Loaded {counts}."))


def scale_factor(value):
    """Return `value`, a number or what was typed, as a whole number from 1 to 10000."""
    text = str(value)
    if not (text.isascii() and text.isdigit() and len(text) <= 5 and 1 <= int(text) <= 10_000):
        raise ArgumentTypeError(f"must be a whole number from 1 to 10000, not {text[:20]!r}.")
    return int(text)


def load_rows(model, rows, bar):
    """Insert `rows` of `model`, but for those that are there; return how many were new."""
    before = model.objects.count()
    while batch := list(islice(rows, BATCH_SIZE)):
        model.objects.bulk_create(batch, ignore_conflicts=True)
        bar.update(len(batch))
    reset_sequence(model)
    return model.objects.count() - before


def load_files(files, bar):
    """Store the temporary files, each with its row, but for those that have one."""
    new = 0
    present = set(TempFile.objects.values_list("pk", flat=True))
    for pk, name, content, created_at in files:
        if pk not in present:
            row = TempFile(pk=pk, created_at=created_at)
            row.file.save(name, ContentFile(content))
            new += 1
        bar.update()
    reset_sequence(TempFile)
    return new


def reset_sequence(model):
    # PostgreSQL does not count keys that were given, so the next insert would repeat one.
    with connection.cursor() as cursor:
        for statement in connection.ops.sequence_reset_sql(no_style(), [model]):
            cursor.execute(statement)
