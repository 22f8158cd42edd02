from argparse import REMAINDER

from django.core.management.base import BaseCommand, CommandError

from shared_project.course.naive import load, names


class Command(BaseCommand):
    help = (
        "Run the naive version of a chapter's command, to see it fail. Try it on demo data only."
    )

    def add_arguments(self, parser):
        parser.add_argument("name", metavar="NN/COMMAND", help=f"One of: {', '.join(names())}.")
        parser.add_argument("arguments", nargs=REMAINDER, help="The command's own arguments.")

    def run_from_argv(self, argv):
        # The naive command parses the rest itself, so that it ends as it would if installed.
        if len(argv) > 2 and argv[2] in names():
            load(argv[2]).run_from_argv([f"{argv[0]} {argv[1]}", *argv[2:]])
        else:
            super().run_from_argv(argv)

    def handle(self, *, name, **options):
        raise CommandError(f"There is no naive command {name!r}. There are: {', '.join(names())}.")
