from django.core.management.base import BaseCommand

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
        product = Product.objects.get(name=options["product"])
        source = Session.objects.get(key=options["source"])
        target = Session.objects.get(key=options["target"])

        item = CartItem.objects.get(session=source, product=product)
        item.quantity -= pieces
        item.save()
        item, _ = CartItem.objects.get_or_create(session=target, product=product)
        item.quantity += pieces
        item.save()
        self.stdout.write(f"Moved {pieces} × {product}.")
