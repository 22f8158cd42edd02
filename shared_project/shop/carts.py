"""What the demo's cart items belong to."""

from collections.abc import Collection

from django.core.management.base import CommandError

from shared_project.shop import demo
from shared_project.shop.models import CartItem, Product, Session


def hold_parents(cart_items: Collection[CartItem]) -> None:
    """Let nobody delete the sessions and products of `cart_items` until the transaction ends.

    Raises CommandError where one is missing, and OperationalError where another session has
    locked one: it does not wait.
    """
    _hold(Session, {item.session_id for item in cart_items}, demo.sessions, "key")
    _hold(Product, {item.product_id for item in cart_items}, demo.products, "name")


def _hold(model, keys, rows, field):
    there = model.objects.filter(pk__in=keys).select_for_update(nowait=True, no_key=True)
    missing = keys.difference(there.values_list("pk", flat=True))
    if not missing:
        return
    key, noun = min(missing), model._meta.verbose_name
    name = getattr(demo.row_with_key(rows, key), field)
    if model.objects.filter(**{field: name}).exists():
        raise CommandError(
            f"Another shop is in the way: its {noun} {name!r} does not have the id {key}. "
            "Load the demo into a database of its own: set DJANGO_DATA_DIR to an empty folder, "
            "or DATABASE_URL to an empty database, and run `python manage.py migrate` first."
        )
    raise CommandError(f"Another program has deleted the {noun} {name!r}. Run this again.")
