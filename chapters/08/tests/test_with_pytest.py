import pytest
from django.core.management import call_command
from django.db.models.signals import pre_save

from shared_project.shop.models import Order, Product


def press_ctrl_c(**kwargs):
    raise KeyboardInterrupt


@pytest.mark.django_db
def test_ctrl_c_while_rows_are_loaded_keeps_the_old_ones(settings):
    settings.DEBUG = True
    Product.objects.create(name="Old Kite", price=5, category="Toys")
    pre_save.connect(press_ctrl_c, sender=Order)
    try:
        with pytest.raises(KeyboardInterrupt):
            call_command("full_reset", interactive=False)
    finally:
        pre_save.disconnect(press_ctrl_c, sender=Order)
    assert Product.objects.get().name == "Old Kite"
