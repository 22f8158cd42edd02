import difflib
import json
import textwrap
from pathlib import Path

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from shared_project.course.exercises import exercises, find_exercise
from shared_project.course.progress import Progress, set_aside, version_of, write_text

ACTIONS = {
    "start": "Write the starter of an exercise into practice/, and say what to do.",
    "check": "Check your file.",
    "hint": "Show the next hint.",
    "solution": "Show the solution, why it is right, and how yours differs.",
    "reset": "Begin again from the starter; your file goes to practice/backup/.",
}


class Command(BaseCommand):
    help = "Practice: where you are, and what comes next. Your files are in practice/."
    requires_system_checks = []

    def add_arguments(self, parser):
        actions = parser.add_subparsers(dest="action", title="actions", metavar="ACTION")
        for name, text in ACTIONS.items():
            action = actions.add_parser(name, help=text, description=text)
            action.add_argument("exercise", metavar="EXERCISE", help="Such as 05.2.")
            if name == "check":
                action.add_argument("--format", choices=["text", "json"], default="text")
            if name == "solution":
                action.add_argument("--anyway", action="store_true", help="Before a pass, too.")
        listing = actions.add_parser("list", help="List all exercises, and which are solved.")
        listing.add_argument("--format", choices=["text", "json"], default="text")
        actions.add_parser("export", help="Print your progress in one line.")
        merge = actions.add_parser("import", help="Add the progress that `export` has printed.")
        merge.add_argument("line", metavar="LINE")

    def handle(self, *args, **options):
        self.verbosity = options["verbosity"]
        self.practice = Path(settings.PRACTICE_DIR)
        self.progress = Progress(self.practice)
        if self.progress.warning:
            self.stderr.write(self.progress.warning)
        action = options["action"]
        if "exercise" in options and action in ACTIONS:
            getattr(self, action)(find_exercise(options["exercise"]), options)
        elif action:
            getattr(self, {"list": "list_all", "import": "merge"}.get(action, action))(options)
        else:
            self.status()

    def say(self, text=""):
        if self.verbosity > 0:
            self.stdout.write(text)

    def status(self):
        """Say what is solved, and what comes next."""
        everything = exercises()
        solved = [one for one in everything if self.progress.of(one)["solved"]]
        self.say(f"{len(solved)} of {len(everything)} exercises solved.")
        following = next((one for one in everything if one not in solved), None)
        if following is None:
            self.say("That is all of them.")
            return
        started = self.progress.of(following)["started"]
        self.say(f"Next: {following.name} {following.title} ({following.minutes} min)")
        self.say(f"    python manage.py course {'check' if started else 'start'} {following.name}")

    def list_all(self, options):
        """List the exercises by chapter."""
        rows = [(one, self.progress.of(one)) for one in exercises()]
        if options["format"] == "json":
            found = [
                {
                    "exercise": one.name,
                    "key": one.key,
                    "title": one.title,
                    "solved": entry["solved"],
                }
                for one, entry in rows
            ]
            self.stdout.write(json.dumps(found))
            return
        for one, entry in rows:
            mark = "solved" if entry["solved"] else "started" if entry["started"] else ""
            self.say(f"{one.name}  {mark:7}  {one.title} ({one.minutes} min)")

    def start(self, exercise, options):
        """Write the starter where there is no file yet, and print the task."""
        there = [path for path in exercise.paths if (self.practice / path).exists()]
        entry = self.progress.of(exercise)
        if there and entry["started"]:
            self.say(f"{exercise.name} is there already: {exercise.place}")
            self.say_what_is_new(exercise, entry)
        else:
            self.write_starter(exercise)
            self.progress.update(exercise, started=True, version=version_of(exercise))
        self.say(f"{exercise.name} {exercise.title} · {exercise.kind} · {exercise.minutes} min\n")
        self.say(filled(exercise.task))
        if exercise.needs:
            self.say(f"It needs {exercise.needs}.")
        self.say("\nThis must hold:")
        for number, text in enumerate(exercise.expectations.values(), start=1):
            self.say(f"  {number:2}  {text}")
        what = "file to change" if len(exercise.paths) == 1 else "files to change are in"
        self.say(f"\nThe {what}: {exercise.place}")
        self.say(f"Then: python manage.py course check {exercise.name}")

    def write_starter(self, exercise):
        if not (self.practice / "__init__.py").exists():
            write_text(self.practice / "__init__.py", "")
        for path, source in exercise.files("starter").items():
            target = self.practice / path
            if target.exists():
                self.say(f"practice/{path} is there already, and stays as it is.")
            else:
                write_text(target, source.read_text(encoding="utf-8"))

    def say_what_is_new(self, exercise, entry):
        if entry["version"] and entry["version"] != version_of(exercise):
            self.say(
                f"{exercise.name} has changed since you started it. Your file is as you left it."
            )

    def check(self, exercise, options):
        """Check the learner's file; raise CommandError unless everything holds."""
        # It brings pytest, which no other action needs.
        from shared_project.course import verdicts

        entry = self.started(exercise)
        verdict = verdicts.of(exercise, self.practice)
        solved = verdict.outcome == "solved"
        if verdict.outcome != "fault":
            self.progress.update(
                exercise,
                checks=entry["checks"] + 1,
                solved=entry["solved"] or solved,
                last=" ".join("y" if one.held else "n" for one in verdict.expectations),
            )
        if options["format"] == "json":
            self.stdout.write(json.dumps(verdicts.as_json(exercise, verdict)))
        else:
            for line in verdicts.as_text(exercise, verdict, self.progress.of(exercise)):
                self.say(line)
        if self.verbosity > 1:
            self.stderr.write(verdict.report)
        if verdict.outcome == "fault":
            raise CommandError(
                "The course's own test broke; your file is fine. "
                "Run with -v 2, and report what it prints."
            )
        if not solved:
            raise SystemExit(1)

    def started(self, exercise):
        entry = self.progress.of(exercise)
        if not entry["started"]:
            raise CommandError(
                f"{exercise.name} is not started. "
                f"Run: python manage.py course start {exercise.name}"
            )
        return entry

    def hint(self, exercise, options):
        """Show the next hint, or all of them after a pass."""
        entry = self.started(exercise)
        if entry["solved"]:
            for number, hint in enumerate(exercise.hints, start=1):
                self.say(f"{number}. {filled(hint)}")
            return
        given = min(entry["hints"] + 1, len(exercise.hints))
        self.progress.update(exercise, hints=given)
        self.say(f"{given}. {filled(exercise.hints[given - 1])}")
        left = len(exercise.hints) - given
        self.say(f"\n{left} left." if left else "\nThat was the last one.")

    def solution(self, exercise, options):
        """Print the solution, why it is right, and the difference from the learner's file."""
        entry = self.progress.of(exercise)
        if not entry["solved"] and not options["anyway"]:
            left = len(exercise.hints) - entry["hints"]
            hints = f"You have {left} hint{'s' * (left != 1)} left. " if left else ""
            raise CommandError(
                f"{hints}To see it all the same: "
                f"python manage.py course solution {exercise.name} --anyway"
            )
        for path, source in exercise.files("solution").items():
            text = source.read_text(encoding="utf-8")
            self.say(f"# {path}\n{text}")
            own = self.practice / path
            if own.exists():
                lines = own.read_text(encoding="utf-8", errors="replace").splitlines()
                difference = difflib.unified_diff(
                    lines, text.splitlines(), "yours", "the solution", lineterm=""
                )
                self.say("\n".join(difference))
        self.say(filled(exercise.why))

    def reset(self, exercise, options):
        """Put the learner's files into backup/, and write the starter again."""
        self.started(exercise)
        for path in exercise.paths:
            if (self.practice / path).exists():
                self.say(f"Your file is now {set_aside(self.practice / path)}")
        self.write_starter(exercise)
        self.progress.update(exercise, version=version_of(exercise), hints=0)
        self.say(f"The starter is there again: {exercise.place}")

    def export(self, options):
        self.stdout.write(self.progress.export())

    def merge(self, options):
        count = self.progress.merge(options["line"])
        self.say(f"{count} exercise{'s' * (count != 1)} more solved.")


def filled(text):
    """Return a text of TOML in lines of at most 88 characters; a blank line begins a paragraph."""
    paragraphs = [" ".join(part.split()) for part in text.strip().split("\n\n")]
    return "\n\n".join(textwrap.fill(part, 88, break_on_hyphens=False) for part in paragraphs)
