"""The shop that the course's commands work on."""

from django.core.validators import MinValueValidator
from django.db import models
from django.utils import timezone


class Product(models.Model):
    name = models.CharField(max_length=200, unique=True)
    price = models.DecimalField(max_digits=10, decimal_places=2, validators=[MinValueValidator(0)])
    category = models.CharField(max_length=100, db_index=True)

    class Meta:
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(price__gte=0), name="shop_product_price_not_negative"
            )
        ]

    def __str__(self):
        return self.name


class Customer(models.Model):
    name = models.CharField(max_length=200)
    email = models.EmailField(unique=True)

    class Meta:
        ordering = ["name", "email"]

    def __str__(self):
        return f"{self.name} <{self.email}>"


class Order(models.Model):
    class Status(models.TextChoices):
        PENDING = "pending", "Pending"
        PROCESSED = "processed", "Processed"
        CANCELED = "canceled", "Canceled"

    number = models.CharField(max_length=20, unique=True)
    legacy_customer = models.CharField(
        max_length=255,
        blank=True,
        help_text="What the old shop stored: “Ada Lovelace <ada@example.com>”.",
    )
    customer = models.ForeignKey(
        Customer, models.PROTECT, null=True, blank=True, related_name="orders"
    )
    total = models.DecimalField(max_digits=10, decimal_places=2, validators=[MinValueValidator(0)])
    status = models.CharField(max_length=10, choices=Status, default=Status.PENDING, db_index=True)
    receipt = models.ForeignKey(
        "TempFile",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="orders",
        help_text="An upload that the order still needs.",
    )
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["number"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(total__gte=0), name="shop_order_total_not_negative"
            )
        ]

    def __str__(self):
        return self.number


class AuditLog(models.Model):
    actor = models.CharField(max_length=150)
    action = models.CharField(max_length=200)
    created_at = models.DateTimeField(default=timezone.now, db_index=True)

    class Meta:
        ordering = ["-created_at", "-pk"]

    def __str__(self):
        return f"{self.actor}: {self.action}"


class Session(models.Model):
    """A visit to the shop; `last_activity` moves with every request."""

    key = models.CharField(max_length=40, unique=True)
    last_activity = models.DateTimeField(default=timezone.now, db_index=True)

    class Meta:
        ordering = ["-last_activity", "-pk"]

    def __str__(self):
        return self.key


class CartItem(models.Model):
    """What a session has in its cart; it goes when the session goes."""

    session = models.ForeignKey(Session, models.CASCADE, related_name="cart_items")
    product = models.ForeignKey(Product, models.CASCADE, related_name="cart_items")
    quantity = models.PositiveIntegerField(default=1, validators=[MinValueValidator(1)])

    class Meta:
        ordering = ["session", "product"]
        constraints = [
            models.UniqueConstraint(
                fields=["session", "product"], name="shop_cart_item_once_per_product"
            ),
            models.CheckConstraint(
                condition=models.Q(quantity__gte=1), name="shop_cart_item_quantity_positive"
            ),
        ]

    def __str__(self):
        return f"{self.quantity} × {self.product}"


class TempFile(models.Model):
    """An uploaded file that nobody needs for long."""

    # The index answers whether another row names the same file.
    file = models.FileField(upload_to="temp/", db_index=True)
    uploaded_at = models.DateTimeField(default=timezone.now, db_index=True)

    class Meta:
        ordering = ["-uploaded_at", "-pk"]

    def __str__(self):
        return self.file.name
