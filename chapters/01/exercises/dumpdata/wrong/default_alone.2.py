from django.core.management.commands import dumpdata


class Command(dumpdata.Command):
    def handle(self, *args, **options):
        if not options["exclude"]:
            options["exclude"] = ["auth.user"]
        return super().handle(*args, **options)
