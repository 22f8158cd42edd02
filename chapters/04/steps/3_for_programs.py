import json
import logging
import shutil

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError

from shared_project.shop.models import Product

logger = logging.getLogger(__name__)


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

    def add_arguments(self, parser):
        parser.add_argument(
            "--format",
            choices=["text", "json"],
            default="text",
            help="text for people, json for programs (default: %(default)s).",
        )

    def handle(self, *args, **options):
        as_json = options["format"] == "json"
        results = []
        failed = 0
        for name, check in CHECKS.items():
            if options["verbosity"] >= 2:
                self.stderr.write(f"Checking the {name}...", str)
            ok, detail = check()
            failed += not ok
            results.append({"name": name, "ok": ok, "detail": detail})
            logger.log(logging.INFO if ok else logging.ERROR, "%s: %s", name, detail)
            mark = self.style.SUCCESS("OK  ") if ok else self.style.ERROR("FAIL")
            if options["verbosity"] >= 1 and not as_json:
                self.stdout.write(f"{mark}  {name}: {detail}")
        if options["verbosity"] >= 1 and as_json:
            report = {"healthy": not failed, "checks": results}
            self.stdout.write(json.dumps(report, indent=2))
        if failed:
            raise CommandError(f"{failed} of {len(CHECKS)} checks failed.")
