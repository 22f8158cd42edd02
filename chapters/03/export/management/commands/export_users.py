from django.core.management.base import BaseCommand, CommandError

from export.columns import check_fields, default_fields, has_field, offered_fields, read_users
from export.writers import WRITERS
from shared_project.toolkit.arguments import non_empty, validate_option
from shared_project.toolkit.files import atomic_write
from shared_project.toolkit.output import write_utf8
from shared_project.toolkit.shutdown import CommitGuard
from shared_project.toolkit.text import printable, quoted


class Command(BaseCommand):
    help = "Export the users to a file. It is written whole, or the old one stays as it is."

    def add_arguments(self, parser):
        parser.add_argument(
            "--format",
            choices=WRITERS,
            default="csv",
            dest="file_format",
            help="The format of the file (default: csv).",
        )
        parser.add_argument(
            "-o",
            "--output",
            type=non_empty,
            metavar="FILE",
            help="The file to write, - for stdout (default: users.csv, .json or .xml).",
        )
        parser.add_argument(
            "--active-only", action="store_true", help="Leave out users who are not active."
        )
        parser.add_argument(
            "--fields",
            nargs="+",
            default=default_fields(),
            metavar="FIELD",
            help=f"The columns, in their order: {', '.join(offered_fields())} "
            f"(default: {' '.join(default_fields())}).",
        )
        parser.add_argument(
            "--raw",
            action="store_true",
            help="CSV: leave cells that a spreadsheet would run as formulas as they are.",
        )

    def handle(self, *, file_format, output, active_only, fields, raw, verbosity, **options):
        if file_format not in list(WRITERS):
            raise CommandError(
                f"--format: must be one of {', '.join(WRITERS)}, not {quoted(file_format)}."
            )
        for name, flag in {"--active-only": active_only, "--raw": raw}.items():
            if not isinstance(flag, bool):
                raise CommandError(f"{name}: must be True or False, not {quoted(flag)}.")
        if active_only and not has_field("is_active"):
            raise CommandError("--active-only: the users have no field is_active.", returncode=2)
        fields = check_fields(fields)
        output = (
            f"users.{file_format}"
            if output is None
            else validate_option(non_empty, output, "--output")
        )

        writer = WRITERS[file_format](fields, raw=raw)
        pieces = writer.pieces(read_users(fields, active_only=active_only))

        def summary(target):
            users = "user" if writer.count == 1 else "users"
            return f"Exported {writer.count} {users} to {target}."

        if output == "-":
            write_utf8(self.stdout, pieces)
            target, log = "stdout", self.stderr
        else:
            target, log = printable(output), self.stdout
            with CommitGuard(self) as guard, atomic_write(output) as file:
                file.writelines(piece.encode() for piece in pieces)
                guard.commit_follows(summary(target))

        if verbosity > 0:
            log.write(summary(target), str)
            if note := writer.note():
                log.write(note, str)
