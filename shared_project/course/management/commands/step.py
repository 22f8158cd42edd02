from argparse import REMAINDER

from django.core.management import call_command
from django.core.management.base import BaseCommand

from shared_project.course.steps import load, names, summary


class Command(BaseCommand):
    help = (
        "Run a step on the way to a chapter's command; without a name, list the steps. "
        "Try them on demo data only."
    )

    def add_arguments(self, parser):
        parser.add_argument("name", metavar="NN/COMMAND", nargs="?", help="The step.")
        parser.add_argument("arguments", nargs=REMAINDER, help="The step's own arguments.")

    def run_from_argv(self, argv):
        # The step parses the rest itself, so that it ends as it would if installed.
        if len(argv) > 2 and argv[2] in names():
            load(argv[2]).run_from_argv([f"{argv[0]} {argv[1]}", *argv[2:]])
        else:
            super().run_from_argv(argv)

    def handle(self, *, name, arguments, **options):
        if name:
            call_command(load(name), *arguments, stdout=self.stdout, stderr=self.stderr)
        else:
            width = max(map(len, names()))
            for step in names():
                self.stdout.write(f"{step:{width}}  {summary(step)}".rstrip())
