from argparse import REMAINDER

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError

from shared_project.course.steps import find_step, steps


class Command(BaseCommand):
    help = (
        "Run a step on the way to a chapter's command; without a name, list the steps. "
        "Try them on demo data only."
    )

    def add_arguments(self, parser):
        parser.add_argument("name", metavar="NN/STEP", nargs="?", help="The step, such as 05/2.")
        parser.add_argument("arguments", nargs=REMAINDER, help="The step's own arguments.")

    def run_from_argv(self, argv):
        # The step parses the rest itself, so that it ends as it would if installed.
        if len(argv) > 2 and not argv[2].startswith("-"):
            try:
                step = find_step(argv[2])
            except CommandError:
                pass  # reported by `handle`, as Django reports errors
            else:
                step.load().run_from_argv([f"{argv[0]} {argv[1]}", step.name, *argv[3:]])
                return
        super().run_from_argv(argv)

    def handle(self, *, name, arguments, **options):
        if name:
            step = find_step(name)
            call_command(step.load(), *arguments, stdout=self.stdout, stderr=self.stderr)
            return
        width = max(len(step.title) for step in steps())
        for step in steps():
            self.stdout.write(f"{step.name}  {step.title:{width}}  {step.load().help}".rstrip())
