from django.core.management import call_command
from django.db.models.signals import pre_save
from django.test import TestCase, override_settings

from shared_project.shop.models import Order, Product


def press_ctrl_c(**kwargs):
    raise KeyboardInterrupt


class FullResetTest(TestCase):
    @override_settings(DEBUG=True)
    def test_ctrl_c_while_rows_are_loaded_keeps_the_old_ones(self):
        Product.objects.create(name="Old Kite", price=5, category="Toys")
        pre_save.connect(press_ctrl_c, sender=Order)
        self.addCleanup(pre_save.disconnect, press_ctrl_c, sender=Order)
        with self.assertRaises(KeyboardInterrupt):
            call_command("full_reset", interactive=False)
        self.assertEqual(Product.objects.get().name, "Old Kite")
