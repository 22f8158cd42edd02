import io
import shlex

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import connection

from shared_project.course.meanwhile import meanwhile


class Command(BaseCommand):
    help = (
        "Let two sessions meet at the worst moment: SECOND, or an SQL statement, runs right "
        "before FIRST writes. Try it on demo data only."
    )

    def add_arguments(self, parser):
        parser.add_argument("first", metavar="FIRST", help="A command with its arguments.")
        second = parser.add_mutually_exclusive_group(required=True)
        second.add_argument("second", metavar="SECOND", nargs="?", help="Another one.")
        second.add_argument("--sql", help="What another session does to the database.")

    def handle(self, *, first, second, sql, **options):
        with meanwhile(lambda: self.execute_sql(sql) if sql else self.call("2", second)) as other:
            self.call("1", first)
        if not other.ident:
            raise CommandError("FIRST wrote nothing, so nothing happened meanwhile.")

    def call(self, label, line):
        """Run the command `line`, with the label before each line that it prints."""
        output = LabeledOutput(label, self.stdout)
        try:
            command, *arguments = shlex.split(line) or [""]
            call_command(command, *arguments, stdout=output, stderr=output)
        except (CommandError, ValueError) as error:
            raise CommandError(f"{label}: {error}") from None

    def execute_sql(self, sql):
        with connection.cursor() as cursor:
            cursor.execute(sql)
            self.stdout.write(f"2: {sql}")


class LabeledOutput(io.StringIO):
    def __init__(self, label, stream):
        super().__init__()
        self.label = label
        self.stream = stream

    def write(self, text):
        for line in text.splitlines():
            self.stream.write(f"{self.label}: {line}")
        return len(text)
