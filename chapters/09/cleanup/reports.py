"""What a cleanup has done to one target so far."""

from collections import Counter
from dataclasses import dataclass, field

from cleanup.targets import Target
from greet.text import printable


@dataclass
class Report:
    """`kept`: old but still needed; `left`: old, and the database did not let go of them;
    `refusal`: what it said; `orphans`: stored files that could not be removed.
    """

    target: Target
    gone: Counter = field(default_factory=Counter)
    kept: int = 0
    left: int = 0
    refusal: str = ""
    orphans: int = 0

    @property
    def name(self) -> str:
        return plural(self.target.model)

    @property
    def title(self) -> str:
        return self.name.capitalize()

    def summary(self, *, dry_run: bool) -> str:
        """Return one line with the numbers, those of other models apart."""
        done = "to delete" if dry_run else "deleted"
        others = [
            f", and {count} {plural(model)} with them"
            for model, count in self.gone.items()
            if model is not self.target.model
        ]
        return f"{self.title}: {self.gone[self.target.model]} {done}{''.join(others)}"

    def problems(self) -> list[str]:
        """Return a line for each reason why something old is still there."""
        problems = []
        if self.kept:
            problems.append(f"{self.title}: {self.kept} kept, still needed by an order.")
        if self.left:
            reason = (
                printable(self.refusal) or "another session holds them, or a trigger keeps them"
            )
            problems.append(
                f"{self.title}: {self.left} not deleted: {reason.rstrip('.')}. "
                "Run the command again; if they stay, look for what keeps them."
            )
        if self.orphans:
            problems.append(
                f"{self.title}: {self.orphans} left in the storage without a row. "
                "Remove them by hand."
            )
        return problems


def plural(model) -> str:
    return str(model._meta.verbose_name_plural)
