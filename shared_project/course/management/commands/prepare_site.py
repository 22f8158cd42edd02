from django.core.management.base import BaseCommand

from shared_project.course.libraries import copy_libraries
from shared_project.course.packing import pack_terminal
from shared_project.course.sources import write_pages


class Command(BaseCommand):
    help = "Write what the site needs as files, before it is built."
    requires_system_checks = []

    def handle(self, *, verbosity, **options):
        def say(text):
            if verbosity:
                self.stdout.write(text)
                self.stdout.flush()  # the next step may take a while

        say(f"docs/files: {write_pages()} pages.")
        for step in (copy_libraries, lambda: pack_terminal(say)):
            worked, said = step()
            if worked:
                say(said)
            else:
                self.stderr.write(said)
