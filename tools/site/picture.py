"""Draw the README's pictures from console blocks that the tests have replayed.

    python -m tools.site.picture

writes them to docs/images, one in light colors and one in dark ones. A test draws them again, and
fails where they are no longer what the page shows.
"""

from io import StringIO
from pathlib import Path

from rich.console import Console
from rich.terminal_theme import TerminalTheme
from rich.text import Text

from shared_project.chapters import ROOT
from tools.site.transcripts import FENCE, Transcript, parse, until_closed

PAGE = ROOT / "docs" / "index.md"
FOLDER = ROOT / "docs" / "images"
COLUMNS = 90
ANSI = [(32, 38, 45), (190, 40, 30), (17, 99, 41), (125, 78, 0), (5, 80, 174), (130, 80, 223)]
BRIGHT = [(230, 237, 243), (255, 138, 128), (126, 231, 135), (227, 179, 65), (121, 192, 255)]
THEMES = {
    "light": TerminalTheme((246, 248, 247), (45, 55, 51), ANSI),
    "dark": TerminalTheme((7, 38, 29), (211, 230, 220), BRIGHT),
}
# As rich's own, but with the system's fonts: its format fetches one from another host.
FORMAT = """\
<svg class="rich-terminal" viewBox="0 0 {width} {height}" xmlns="http://www.w3.org/2000/svg">
<style>
.{unique_id}-matrix {{
  font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace;
  font-size: {char_height}px;
  line-height: {line_height}px;
}}
{styles}
</style>
<defs>
<clipPath id="{unique_id}-clip-terminal">
<rect x="0" y="0" width="{terminal_width}" height="{terminal_height}" />
</clipPath>
{lines}
</defs>
{chrome}
<g transform="translate({terminal_x}, {terminal_y})" clip-path="url(#{unique_id}-clip-terminal)">
{backgrounds}
<g class="{unique_id}-matrix">
{matrix}
</g>
</g>
</svg>
"""


def transcripts(page: Path = PAGE) -> list[Transcript]:
    """Return the console blocks of `page`."""
    rest = iter(page.read_text(encoding="utf-8").splitlines())
    return [
        parse(fence["info"], [*until_closed(rest, fence)][:-1])
        for line in rest
        if (fence := FENCE.match(line)) and fence["language"] == "console"
    ]


def draw(blocks: list[Transcript], theme: str) -> str:
    """Return an SVG that shows `blocks` on a terminal, in the colors of `theme`."""
    console = Console(record=True, width=COLUMNS, file=StringIO(), force_terminal=False)
    for block in blocks:
        for command in block.commands:
            console.print(Text(f"$ {command.line}", style="bold"))
            for line in command.output:
                console.print(Text(line))
        console.print()
    return console.export_svg(
        title="", theme=THEMES[theme], code_format=FORMAT, unique_id=f"terminal-{theme}"
    )


def main() -> None:
    FOLDER.mkdir(exist_ok=True)
    for theme in THEMES:
        (FOLDER / f"import-{theme}.svg").write_text(draw(transcripts(), theme), encoding="utf-8")


if __name__ == "__main__":
    main()
