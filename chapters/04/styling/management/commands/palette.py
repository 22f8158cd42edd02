import os

from django.core.management.base import BaseCommand
from django.utils import termcolors


class Command(BaseCommand):
    help = "Print every style that self.style has, in that style and in words."

    def handle(self, *, verbosity, **options):
        if verbosity == 0:
            return
        palette = termcolors.parse_color_setting(os.environ.get("DJANGO_COLORS", "")) or {}
        # An old name for the same style, which the palettes do not list.
        palette = {**palette, "ERROR_OUTPUT": palette.get("ERROR", {})}
        for name, style in sorted(vars(self.style).items()):
            self.stdout.write(f"{style(f'{name:18}')}  {in_words(**palette.get(name, {}))}")


def in_words(fg="", bg="", opts=()):
    """Return a style of Django's palettes in words: "bold red on white"."""
    words = [*opts, fg, f"on {bg}" if bg else ""]
    return " ".join(filter(None, words)) or "no color"
