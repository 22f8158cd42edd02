from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from shared_project.shop.models import CartItem, Product, Session


class Command(BaseCommand):
    help = "Move pieces of a product from one cart to another."

    def add_arguments(self, parser):
        parser.add_argument("source", help="The key of the session that has them.")
        parser.add_argument("target", help="The key of the session that gets them.")
        parser.add_argument("product", help="The name of the product.")
        parser.add_argument("pieces", type=int, help="How many pieces.")

    def handle(self, *args, **options):
        pieces = options["pieces"]
        if pieces < 1:
            raise CommandError("Move at least one piece.")
        if options["source"] == options["target"]:
            raise CommandError("Source and target are the same cart.")
        try:
            product = Product.objects.get(name=options["product"])
            source = Session.objects.get(key=options["source"])
            target = Session.objects.get(key=options["target"])
        except (Product.DoesNotExist, Session.DoesNotExist) as error:
            raise CommandError(str(error)) from error

        with transaction.atomic():
            # In the order of their keys, so that two moves cannot wait for each other.
            items = CartItem.objects.select_for_update().order_by("pk")
            found = {
                item.session_id: item
                for item in items.filter(session__in=[source, target], product=product)
            }
            item = found.get(source.pk)
            if item is None or item.quantity < pieces:
                raise CommandError(f"There are fewer than {pieces} × {product} in the cart.")
            if item.quantity == pieces:
                item.delete()
            else:
                item.quantity -= pieces
                item.save()
            item = found.get(target.pk) or CartItem(session=target, product=product, quantity=0)
            item.quantity += pieces
            item.save()
        self.stdout.write(f"Moved {pieces} × {product}.")
