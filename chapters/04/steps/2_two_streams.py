import shutil

from django.conf import settings
from django.core.management.base import BaseCommand
from django.db import DatabaseError

from shared_project.shop.models import Product


def check_database():
    try:
        return True, f"{Product.objects.count()} products"
    except DatabaseError as error:
        return False, str(error)


def check_disk():
    free = shutil.disk_usage(settings.BASE_DIR).free / 1024**3
    return free >= 1, f"{free:.1f} GB free"


CHECKS = {"database": check_database, "disk": check_disk}


class Command(BaseCommand):
    help = "Check that the shop's database answers and that its disk has room."

    def handle(self, *args, **options):
        failed = 0
        for name, check in CHECKS.items():
            if options["verbosity"] >= 2:
                self.stderr.write(f"Checking the {name}...", str)
            ok, detail = check()
            failed += not ok
            mark = self.style.SUCCESS("OK  ") if ok else self.style.ERROR("FAIL")
            if options["verbosity"] >= 1:
                self.stdout.write(f"{mark}  {name}: {detail}")
        if failed:
            self.stderr.write(f"{failed} of {len(CHECKS)} checks failed.")
