from django.core.management.commands import dumpdata


class Command(dumpdata.Command):
    help = f"{dumpdata.Command.help} Never dumps auth.user, which has the password hashes."

    def handle(self, *args, **options):
        options["exclude"] = [*options["exclude"], "auth.user"]
        return super().handle(*args, **options)
