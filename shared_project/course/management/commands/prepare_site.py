from django.core.management.base import BaseCommand

from shared_project.course.libraries import copy_libraries
from shared_project.course.packing import pack_terminal
from shared_project.course.sources import write_pages


class Command(BaseCommand):
    help = "Write what the site needs as files, before it is built."
    requires_system_checks = []

    def handle(self, *, verbosity, **options):
        pages = write_pages()
        if verbosity:
            self.stdout.write(f"docs/files: {pages} pages.")
        for step in (copy_libraries, pack_terminal):
            worked, said = step()
            if not worked:
                self.stderr.write(said)
            elif verbosity:
                self.stdout.write(said)
