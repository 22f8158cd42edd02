"""The course's Markdown extension: what the pages need beyond Markdown.

It is named in `mkdocs.yml`. The site's generator must be started as a module from the root
(`python -m mkdocs`, `python -m zensical`), so that Python finds this package.
"""

import re

from markdown import Extension
from markdown.preprocessors import Preprocessor

from shared_project.course.embed import EmbedPreprocessor, chapter_list

# A line `[name]` or `[name argument]` becomes the Markdown lines that the function returns.
DIRECTIVES = {
    "chapters": chapter_list,
}
LINE = re.compile(rf"\[({'|'.join(DIRECTIVES)})(?: ([^\]]+))?\]")


class DirectivePreprocessor(Preprocessor):
    def run(self, lines):
        result = []
        for line in lines:
            if directive := LINE.fullmatch(line):
                name, argument = directive.groups()
                result += DIRECTIVES[name](*([argument] if argument else []))
            else:
                result.append(line)
        return result


class CourseExtension(Extension):
    def extendMarkdown(self, md):  # noqa: N802
        # After white space is normalized (30), before fenced blocks are found (25). What a
        # directive returns may hold blocks of code to embed.
        md.preprocessors.register(DirectivePreprocessor(md), "directives", 28)
        md.preprocessors.register(EmbedPreprocessor(md), "embed", 27)


def makeExtension(**options):  # noqa: N802
    return CourseExtension(**options)
