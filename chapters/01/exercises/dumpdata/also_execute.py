from django.core.management.commands.dumpdata import Command as DjangosDumpData


class Command(DjangosDumpData):
    def execute(self, *app_labels, exclude, **options):
        return super().execute(*app_labels, exclude=[*exclude, "auth.user"], **options)
