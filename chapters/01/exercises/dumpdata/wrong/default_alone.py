from django.core.management.commands import dumpdata


class Command(dumpdata.Command):
    def add_arguments(self, parser):
        super().add_arguments(parser)
        parser.set_defaults(exclude=["auth.user"])
