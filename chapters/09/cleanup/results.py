"""What a cleanup has done to one target so far."""

from collections import Counter
from dataclasses import dataclass, field

from cleanup.files import StoredFiles
from cleanup.names import plural
from cleanup.targets import Target
from shared_project.toolkit.text import printable

NAMED_ORPHANS = 20


@dataclass
class TargetResult:
    """`kept`: old but still needed; `left`: old, and the database did not let go of them;
    `refusal`: what it said; `orphans`: how many stored files have lost their row and stay.
    """

    target: Target
    gone: Counter = field(default_factory=Counter)
    kept: int = 0
    left: int = 0
    refusal: str = ""
    orphans: int = 0
    files: StoredFiles = field(default_factory=StoredFiles)

    @property
    def name(self) -> str:
        return plural(self.target.model)

    @property
    def title(self) -> str:
        return self.name.capitalize()

    def summary(self, *, dry_run: bool = False) -> str:
        """Return one line with the numbers: those of other models apart, and how many it kept."""
        done = "to delete" if dry_run else "deleted"
        others = [
            f", and {count} {plural(model)} with them"
            for model, count in self.gone.items()
            if model is not self.target.model
        ]
        kept = [f", {self.kept} still needed by an order"] if self.kept else []
        return f"{self.title}: {self.gone[self.target.model]} {done}{''.join(others + kept)}"

    def new_orphans(self) -> list[str]:
        """Return a line for each file that has been orphaned since the last call.

        After the first twenty of a run they are counted only.
        """
        new = self.files.orphans[: max(0, NAMED_ORPHANS - self.orphans)]
        self.orphans += len(self.files.orphans)
        self.files.orphans.clear()
        return [f"{printable(name)}: {printable(why)}" for name, why in new]

    def orphan_count(self) -> list[str]:
        """Return the line that counts the orphaned files; none where there are none."""
        step = "Remove by hand those that no row names."
        return [f"{self.title}: {self.orphans} left in the storage. {step}"][: self.orphans]

    def problems(self) -> list[str]:
        """Return a line for each reason why something is there that should have gone.

        What is still needed is as it should be, tonight and every night, so it is none.
        """
        problems = []
        if self.left:
            reason = (
                printable(self.refusal) or "another session holds them, or a trigger keeps them"
            )
            problems.append(
                f"{self.title}: {self.left} not deleted: {reason.rstrip('.')}. "
                "Run the command again; if they stay, look for what keeps them."
            )
        return problems + self.orphan_count()
