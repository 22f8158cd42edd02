from argparse import ArgumentTypeError
from functools import partial
from itertools import islice

from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from tqdm import tqdm

from shared_project.shop import demo
from shared_project.shop.carts import hold_parents
from shared_project.shop.models import (
    AuditLog,
    CartItem,
    Customer,
    Order,
    Product,
    Session,
    TempFile,
)
from shared_project.shop.turns import in_turn, reserve_keys
from shared_project.shop.uploads import store

BATCH_SIZE = 2000
# What a killed run may leave without rows, until the next run.
FILES_IN_A_BATCH = 20


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
            User: (demo.users, demo.USERS),
            Product: (demo.products, demo.PRODUCTS_COUNT),
            Customer: (demo.customers, demo.CUSTOMERS),
            Order: (demo.orders, demo.ORDERS),
            AuditLog: (demo.audit_logs, demo.LOGS),
            Session: (demo.sessions, demo.SESSIONS),
            CartItem: (demo.cart_items, demo.CART_ITEMS),
            TempFile: (demo.temp_files, demo.TEMP_FILES),
        }
        loaded = {}
        hidden = verbosity == 0 or not self.stderr.isatty()
        with tqdm(total=1000 * scale, unit="row", disable=hidden) as bar:
            # Of every table first: what others insert from now on leaves the demo's keys free.
            for model, (_, count) in tables.items():
                in_turn(model, partial(reserve_keys, model, count * scale))
            for model, (rows, _) in tables.items():
                load = load_files if model is TempFile else load_rows
                loaded[model] = load(model, rows(scale, now), bar)
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
    new = 0
    while batch := list(islice(rows, BATCH_SIZE)):
        new += in_turn(model, partial(insert, model, batch))
        bar.update(len(batch))
    return new


def insert(model, batch):
    there = model.objects.filter(pk__range=(batch[0].pk, batch[-1].pk))
    before = there.count()
    if before == len(batch):
        return 0
    if model is CartItem:
        hold_parents(batch)
    model.objects.bulk_create(batch, ignore_conflicts=True)
    return there.count() - before


def load_files(model, files, bar):
    """Store the uploads, each with its row, but for those that are there; return how many."""
    new = 0
    uploads = (
        (model(pk=pk, uploaded_at=date), name, content) for pk, name, content, date in files
    )
    while batch := list(islice(uploads, FILES_IN_A_BATCH)):
        new += in_turn(model, partial(store, batch))
        bar.update(len(batch))
    return new
