import argparse
import contextlib
import difflib
import json
import textwrap
from functools import partial
from pathlib import Path

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from shared_project.course.exercises import exercises, find_exercise
from shared_project.course.progress import (
    Progress,
    explained,
    now,
    set_aside,
    version_of,
    write_file,
)
from shared_project.toolkit.text import printable

COURSE = "python manage.py course"
ACTIONS = {
    "start": "Write the starter of an exercise into practice/, and say what to do.",
    "check": "Check your file: what holds, what fails, and a hint if your mistake is known.",
    "watch": "Check your file each time you save it, until Ctrl-C.",
    "hint": "Show the next hint; all of them once you have solved it.",
    "solution": "Show the solution, why it is right, and how yours differs.",
    "reset": "Begin again from the starter; your file goes to practice/backup/.",
}
OTHERS = {
    "list": "List all exercises, and which are solved.",
    "export": "Print your progress in one line, to take it to another machine.",
    "import": "Add the progress that `export` has printed.",
}
FORMAT = {"choices": ["text", "json"], "help": "json is for programs."}
EPILOG = (
    "To add an exercise to the course: `course new` and `course dev-check`, see CONTRIBUTING.md."
)


class Command(BaseCommand):
    help = "Practice: where you are, and what comes next. Your files are in practice/."
    requires_system_checks = []

    def add_arguments(self, parser):
        parser.epilog = EPILOG
        parser.add_argument("--format", **FORMAT, default="text")
        actions = parser.add_subparsers(dest="action", title="actions", metavar="ACTION")
        for name, text in {**ACTIONS, **OTHERS}.items():
            # Django's own options, too, can stand at the end of the line.
            action = actions.add_parser(
                name, help=text, description=text, argument_default=argparse.SUPPRESS
            )
            self.add_base_argument(action, "-v", "--verbosity", type=int, choices=range(4))
            self.add_base_argument(action, "--no-color", action="store_true")
            self.add_base_argument(action, "--traceback", action="store_true")
            if name in ACTIONS:
                # Asked for in `handle`, which knows a good one.
                action.add_argument(
                    "exercise", metavar="EXERCISE", nargs="?", help="05.2 or import_customers."
                )
            if name in ("check", "list"):
                action.add_argument("--format", **FORMAT)
            if name == "solution":
                action.add_argument("--anyway", action="store_true", help="Before a pass, too.")
            if name == "import":
                action.add_argument("line", metavar="LINE")
        # Without a help, they are in no list: learners do not need them.
        new = actions.add_parser("new", description="Make the files of a new exercise.")
        new.add_argument("chapter", metavar="NN", help="The chapter, such as 05.")
        new.add_argument("key", metavar="KEY", help="The command's name: rename_products.")
        text = "Say what is wrong with an exercise, or with all of them."
        dev_check = actions.add_parser("dev-check", description=text)
        dev_check.add_argument("exercise", metavar="EXERCISE", nargs="?", help="Such as 05.2.")

    def handle(self, *args, **options):
        self.verbosity = options["verbosity"]
        action = options["action"] or "status"
        if action in ("new", "dev-check"):
            getattr(self, action.replace("-", "_"))(options)
            return
        self.practice = Path(settings.PRACTICE_DIR)
        try:
            self.read_progress()
            if action in ACTIONS:
                getattr(self, action)(self.named(action, options.get("exercise")), options)
            else:
                getattr(self, {"list": "list_all", "import": "merge"}.get(action, action))(options)
        except OSError as error:
            if error.filename is None:  # a stream, which is none of the learner's files
                raise
            raise explained(error, Path(error.filename)) from None

    def read_progress(self):
        self.progress = Progress(self.practice)
        if self.progress.warning:
            self.stderr.write(self.progress.warning)

    def say(self, text=""):
        if self.verbosity > 0:
            self.stdout.write(text)

    def named(self, action, name):
        """Return the exercise that was named. `watch` finds one itself."""
        if name or action == "watch":
            return name and find_exercise(name)
        everything = exercises()
        likely = self.progress.started_last(everything) or self.next_of(everything)
        example = (likely or everything[0]).name
        raise CommandError(
            f"Which exercise? For example: {COURSE} {action} {example}", returncode=2
        )

    def next_of(self, everything):
        """Return the first exercise that is not solved, or None."""
        return next((one for one in everything if not self.progress.of(one)["solved"]), None)

    def status(self, options):
        """Say what is solved, and what comes next."""
        everything = exercises()
        solved = sum(self.progress.of(one)["solved"] for one in everything)
        grown = [one for one in everything if self.progress.has_grown(one)]
        following = self.next_of(everything)
        step = following and self.step_of(following)
        if options["format"] == "json":
            report = {
                "solved": solved,
                "of": len(everything),
                "grown": [one.name for one in grown],
            }
            report["next"] = following and {
                "exercise": following.name,
                "title": following.title,
                "command": step,
            }
            self.stdout.write(json.dumps(report))
            return
        self.say(f"{solved} of {len(everything)} exercises solved.")
        for one in grown:
            self.say(f"{one.name} has grown: {self.new_words(one)}. {self.step_of(one)}")
        if following:
            self.say(f"Next: {following.name} {following.title} ({following.minutes} min)")
            self.say(f"    {step}")
        else:
            self.say("That is all of them.")

    def step_of(self, exercise):
        action = "check" if self.progress.of(exercise)["started"] else "start"
        return f"{COURSE} {action} {exercise.name}"

    def new_words(self, exercise):
        count = self.progress.new_expectations(exercise)
        return f"{count} expectation{'s are' if count > 1 else ' is'} new"

    def list_all(self, options):
        """List the exercises by chapter."""
        rows = [(one, self.progress.of(one)) for one in exercises()]
        if options["format"] == "json":
            found = [
                {
                    "exercise": one.name,
                    "key": one.key,
                    "title": one.title,
                    "started": entry["started"],
                    "solved": entry["solved"],
                    "grown": self.progress.has_grown(one),
                }
                for one, entry in rows
            ]
            self.stdout.write(json.dumps(found))
            return
        for one, entry in rows:
            mark = "solved" if entry["solved"] else "started" if entry["started"] else ""
            grown = ", has grown" if self.progress.has_grown(one) else ""
            self.say(f"{one.name}  {mark:7}  {one.title} ({one.minutes} min){grown}")

    def start(self, exercise, options):
        """Write the starter where there is no file yet, and print the task."""
        there = [path for path in exercise.paths if (self.practice / path).exists()]
        entry = self.progress.of(exercise)
        if there and entry["started"]:
            self.say(f"{exercise.name} is there already: {exercise.place}")
            self.say_what_has_changed(exercise, entry)
            self.progress.update(exercise, began=now(), **self.seen(exercise))
        else:
            self.write_starter(exercise)
            self.progress.update(exercise, started=True, began=now(), **self.seen(exercise))
        self.say(f"{exercise.name} {exercise.title} · {exercise.kind} · {exercise.minutes} min\n")
        self.say(filled(exercise.task))
        if exercise.needs:
            self.say(f"It needs {exercise.needs}.")
        self.say("\nThis must hold:")
        for number, text in enumerate(exercise.expectations.values(), start=1):
            self.say(f"  {number:2}  {text}")
        what = "file to change" if len(exercise.paths) == 1 else "files to change are in"
        self.say(f"\nThe {what}: {exercise.place}")
        self.say(f"Then: {COURSE} check {exercise.name}")

    def seen(self, exercise, solved=False):
        """Return what the progress keeps of the checklist that the learner has seen.

        Of an exercise that is solved, it keeps the one that was solved.
        """
        if self.progress.of(exercise)["solved"] and not solved:
            return {}
        return {"version": version_of(exercise), "expectations": " ".join(exercise.expectations)}

    def write_starter(self, exercise):
        if not (self.practice / "__init__.py").exists():
            write_file(self.practice / "__init__.py", b"")
        for path, source in exercise.files("starter").items():
            target = self.practice / path
            if target.exists() or target.is_symlink():
                self.say(f"practice/{path} is there already, and stays as it is.")
            else:
                write_file(target, source.read_bytes())

    def say_what_has_changed(self, exercise, entry):
        """Say what an update of the course has changed since the learner started."""
        if entry["version"] in ("", version_of(exercise)):
            return
        new = f": {self.new_words(exercise)}" if self.progress.new_expectations(exercise) else ""
        self.say(
            f"{exercise.name} has changed since you started it{new}. Your file is as you left it."
        )
        self.say(f"To begin again with the new starter: {COURSE} reset {exercise.name}\n")

    def check(self, exercise, options):
        """Check the learner's file; end with exit code 1 unless everything holds."""
        if not self.checked(exercise, options):
            raise SystemExit(1)

    def checked(self, exercise, options):
        """Check, say what came of it, and return whether all of it holds."""
        # It brings pytest, which the other actions do without.
        from shared_project.course import verdicts

        entry = self.started(exercise)
        verdict = verdicts.of(exercise, self.practice, tracebacks=self.verbosity > 1)
        if self.verbosity > 1:
            self.stderr.write(verdict.report)
        if verdict.outcome == "fault":
            raise CommandError(
                "The course's own test broke; your file is fine. Run this with -v 2, and report "
                f"what it prints: {COURSE} check {exercise.name} -v 2"
            )
        as_json = options["format"] == "json"
        if not as_json:
            self.say_what_has_changed(exercise, entry)
        solved, failure = verdict.outcome == "solved", None
        found = self.seen(exercise, solved) | {
            "checks": entry["checks"] + 1,
            "solved": entry["solved"] or solved,
            "last": " ".join("y" if one.held else "n" for one in verdict.expectations),
        }
        try:
            self.progress.update(exercise, **found)
        except CommandError as error:
            failure = error  # the verdict is shown all the same
        if as_json:
            self.stdout.write(json.dumps(verdicts.as_json(exercise, verdict)))
        else:
            for line in verdicts.as_text(exercise, verdict, entry | found, self.style):
                self.say(line)
        if failure:
            raise failure
        return solved

    def watch(self, exercise, options):
        """Check the learner's file each time it changes."""
        try:
            from shared_project.course.watching import Watcher
        except ModuleNotFoundError as error:
            if error.name.partition(".")[0] != "watchdog":
                raise
            name = exercise.name if exercise else "05.2"
            raise CommandError(
                "`watch` needs the package watchdog, which is not installed here. After each "
                f"change, run: {COURSE} check {name}"
            ) from None
        current = exercise or self.progress.started_last(exercises())
        if exercise:
            self.started(exercise)
        elif not current:
            following = self.next_of(exercises())
            step = f"Run: {self.step_of(following)}" if following else "All are solved."
            raise CommandError(f"No exercise waits to be solved. {step}")
        try:
            with Watcher(self.practice) as watcher:
                self.watch_with(watcher, exercise, options)
        except KeyboardInterrupt:
            if self.stdout.isatty():
                self.stdout.write("")  # the shell's prompt goes below ^C
            raise SystemExit(130) from None

    def watch_with(self, watcher, exercise, options):
        """Check the exercise until it is solved; without one, each that is started."""
        self.say("Save your file, and it is checked again. Ctrl-C ends this.\n")
        while True:
            before = self.state(exercise)
            current = exercise or self.progress.started_last(exercises())
            if current is None:
                self.say("Start the next one in another terminal, and it is watched as well.")
            elif self.checked(current, options) and exercise:
                return
            self.stdout.flush()
            watcher.wait(partial(self.state, exercise), before)
            self.say("")

    def state(self, exercise):
        """Return what is watched: which exercise it is, and what the learner's files hold."""
        if not exercise:
            self.read_progress()
            exercise = self.progress.started_last(exercises())
        return exercise and (exercise.key, contents(self.practice, exercise))

    def started(self, exercise):
        entry = self.progress.of(exercise)
        if not entry["started"]:
            raise CommandError(
                f"{exercise.name} is not started. Run: {COURSE} start {exercise.name}"
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
        if left:
            self.say(f"\n{left} left: {COURSE} hint {exercise.name}")
        else:
            self.say(f"\nThat was the last one. Next: {COURSE} check {exercise.name}")

    def solution(self, exercise, options):
        """Print the solution, why it is right, and the difference from the learner's file."""
        entry = self.progress.of(exercise)
        if not entry["solved"] and not options.get("anyway"):
            left = len(exercise.hints) - entry["hints"]
            hints = f"You have {left} hint{'s' * (left != 1)} left. " if left > 0 else ""
            raise CommandError(
                f"{hints}To see it all the same: {COURSE} solution {exercise.name} --anyway"
            )
        for path, source in exercise.files("solution").items():
            text = source.read_text(encoding="utf-8")
            self.say(f"# practice/{path}\n{text}")
            own = self.practice / path
            if own.is_file():
                lines = own.read_bytes().decode("utf-8-sig", "backslashreplace").splitlines()
                difference = difflib.unified_diff(
                    lines, text.splitlines(), "yours", "the solution", lineterm=""
                )
                for line in difference:
                    self.say(printable(line))
                self.say("")
        self.say(filled(exercise.why))

    def reset(self, exercise, options):
        """Put the learner's files into backup/, and write the starter again."""
        self.started(exercise)
        for path in exercise.paths:
            file = self.practice / path
            if file.exists() or file.is_symlink():
                self.say(f"Your file is now {set_aside(file, self.practice)}")
        self.write_starter(exercise)
        self.progress.update(exercise, hints=0, began=now(), **self.seen(exercise))
        self.say(f"The starter is there again: {exercise.place}")
        self.say(f"Then: {COURSE} check {exercise.name}")

    def export(self, options):
        self.stdout.write(self.progress.export())

    def merge(self, options):
        count = self.progress.merge(options["line"])
        self.say(f"{count} exercise{'s' * (count != 1)} more solved.")

    def new(self, options):
        """Make the files of a new exercise."""
        from shared_project.course import dev

        for file in dev.new_exercise(options["chapter"], options["key"]):
            self.say(f"Made {file}")

    def dev_check(self, options):
        """Say what is wrong with an exercise, or with all of them."""
        from shared_project.course import dev
        from shared_project.course.checking import Shop

        name = options["exercise"]
        count = 0
        with Shop() as shop:
            for exercise in [find_exercise(name)] if name else exercises():
                found = [*dev.problems(exercise, shop)]
                count += len(found)
                for problem in found or ["nothing is wrong"]:
                    self.say(f"{exercise.name} {exercise.key}: {problem}")
        if count:
            raise CommandError(
                f"{count} thing{'s' * (count != 1)} to do. CONTRIBUTING.md says how."
            )


def contents(practice, exercise):
    """Return the bytes of the learner's files for an exercise; of several, all that are there."""
    if len(exercise.paths) == 1:
        files = [practice / exercise.target]
    else:
        files = sorted((practice / exercise.place.removeprefix("practice/")).rglob("*.py"))
    found = {}
    for file in files:
        # While it is replaced, it is not there; a check says so if it stays away.
        with contextlib.suppress(OSError):
            found[file] = file.read_bytes()
    return found


def filled(text):
    """Return a text of TOML in lines of at most 88 characters; a blank line begins a paragraph."""
    paragraphs = [" ".join(part.split()) for part in text.strip().split("\n\n")]
    return "\n\n".join(textwrap.fill(part, 88, break_on_hyphens=False) for part in paragraphs)
