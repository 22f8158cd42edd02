from contextlib import nullcontext
from datetime import timedelta
from functools import partial

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from cleanup.deletion import beside_the_shop, delete_in_batches, old_keys
from cleanup.files import after_commit
from cleanup.locks import only_one
from cleanup.results import TargetResult
from cleanup.targets import TARGETS
from cleanup.wal import Checkpoints
from shared_project.toolkit.arguments import validate_option, whole_number
from shared_project.toolkit.output import style_for
from shared_project.toolkit.progress import progress_bar
from shared_project.toolkit.shutdown import CommitGuard, GracefulShutdown
from shared_project.toolkit.text import quoted

MODELS = [*TARGETS, "all"]
days_back = whole_number(1, 36_500)  # a hundred years
batch_rows = whole_number(1, 1_000_000)


class Command(BaseCommand):
    help = (
        "Delete audit logs, sessions and temporary files older than a number of days. The work "
        "is committed batch by batch: stop it at any time, and run it again to go on."
    )

    def add_arguments(self, parser):
        parser.add_argument(
            "--days", type=days_back, default=90, help="Their age, 1 or more (default: 90)."
        )
        parser.add_argument("--dry-run", action="store_true", help="Count, and delete nothing.")
        parser.add_argument(
            "--model", choices=MODELS, default="all", help="What to clean up (default: all)."
        )
        parser.add_argument(
            "--batch-size",
            type=batch_rows,
            default=1000,
            help="The most rows that a transaction goes through, 1 or more (default: 1000). "
            "Where so many take longer than some 3 ms, it goes through fewer, to about 100.",
        )

    def handle(self, *, days, dry_run, model, batch_size, verbosity, **options):
        days = validate_option(days_back, days, "--days")
        batch_size = validate_option(batch_rows, batch_size, "--batch-size")
        if model not in MODELS:
            raise CommandError(
                f"--model: must be one of {', '.join(MODELS)}, not {quoted(model)}."
            )
        cutoff = timezone.now() - timedelta(days=days)
        targets = TARGETS.values() if model == "all" else [TARGETS[model]]
        results, complete = [], False
        alone = nullcontext() if dry_run else only_one("cleanup_old_data")
        with alone, GracefulShutdown() as stop:
            if verbosity > 0:
                self.stdout.write(f"Cutoff: {cutoff:%Y-%m-%d %H:%M:%S %Z}, {days} days ago")
            try:
                with CommitGuard(self) as guard:
                    for target in stop.between(targets):
                        results.append(TargetResult(target))
                        self.clean(results[-1], cutoff, batch_size, dry_run, verbosity, stop)
                    complete = not stop.requested
                    problems = [line for result in results for line in result.problems()]
                    if complete and not problems and not dry_run:
                        # From here on, a signal does not undo that all of it was done.
                        guard.commit_follows("; ".join(map(TargetResult.summary, results)) + ".")
            finally:
                # Also when a batch ends in an error: what was committed before it stays done.
                stop.hold()  # a second signal must not cut the summary short
                if verbosity > 0:
                    for result in results:
                        self.stdout.write(result.summary(dry_run=dry_run))
                    self.stdout.flush()  # so that a log has it before the error
                if not complete:
                    self.complain(line for result in results for line in result.orphan_count())
                if stop.requested and not complete and verbosity > 0:
                    text = "Stopped before the end. Run the command again to go on."
                    self.stderr.write(text, style_for(self.stderr, self.style.WARNING))
                stop.release()
        if complete and problems:
            raise CommandError("\n".join(problems))
        stop.exit_if_requested()

    def clean(self, result, cutoff, batch_size, dry_run, verbosity, stop):
        old = result.target.old(cutoff)
        # With -v 2 a line for each batch takes the place of the bar.
        bar_verbosity = verbosity if verbosity < 2 else 0
        with beside_the_shop(result.target, dry_run=dry_run):
            keys = old_keys(old, stop)
            with (
                progress_bar(
                    self.stderr, bar_verbosity, desc=result.name, total=keys.count, unit="row"
                ) as bar,
                Checkpoints() as checkpoints,
            ):
                batches = delete_in_batches(result, old, keys, batch_size, stop, dry_run=dry_run)
                for batch in stop.between(batches):
                    bar.update(batch.rows)
                    after_commit(partial(self.name_orphans, result, bar))
                    if not dry_run:
                        checkpoints.after(batch.seconds)
                    if verbosity > 1:
                        line = f"{result.name} {batch.low} to {batch.high}: {batch.rows}"
                        self.stderr.write(line, str)
            if not stop.requested:
                result.kept = result.target.kept(cutoff)

    def name_orphans(self, result, bar):
        if lines := result.new_orphans():
            bar.clear()
            self.complain(lines)

    def complain(self, lines):
        for line in lines:
            self.stderr.write(line, style_for(self.stderr, self.style.ERROR))
