"""The course's Markdown extension: what the pages need beyond Markdown.

It is named in `mkdocs.yml`. Python finds it where the project is installed: `-e .` in
requirements.txt.
"""

import re

from markdown import Extension
from markdown.preprocessors import Preprocessor

from shared_project.chapters import ROOT
from tools.site.costs import cost_tables, time_of
from tools.site.embed import EmbedPreprocessor, chapter_list, count_lines, link_to_test
from tools.site.glossary import TermTreeprocessor
from tools.site.packing import current_build
from tools.site.practice import exercise_boxes
from tools.site.quiz import quiz_boxes
from tools.site.reference import behavior_table, command_list
from tools.site.solutions import solution
from tools.site.sources import file_list
from tools.site.stages import stage
from tools.site.steps import steps_bar
from tools.site.toolkit import toolkit_table
from tools.site.transcripts import TranscriptPreprocessor, readme_block

# A line `[name]` or `[name argument]` becomes the Markdown lines that the function returns.
DIRECTIVES = {
    "behaviors": behavior_table,
    "chapters": chapter_list,
    "costs": cost_tables,
    "commands": command_list,
    "exercises": exercise_boxes,
    "files": file_list,
    "quiz": quiz_boxes,
    "readme": readme_block,
    "solution": solution,
    "stage": stage,
    "toolkit": toolkit_table,
}
LINE = re.compile(rf"\[({'|'.join(DIRECTIVES)})(?: ([^\]]+))?\]")
# `{lines PATH}`, `{test PATH::NAME}` and `{time STEP}` within a line become what the function
# returns.
INLINE = {"lines": count_lines, "test": link_to_test, "time": time_of}
WITHIN = re.compile(rf"\{{({'|'.join(INLINE)}) ([^}}\s]+)\}}")


class DirectivePreprocessor(Preprocessor):
    def run(self, lines):
        result = []
        for line in lines:
            if line == "[steps]":
                result += steps_bar(lines)
            elif directive := LINE.fullmatch(line):
                name, argument = directive.groups()
                result += DIRECTIVES[name](*([argument] if argument else []))
            else:
                result.append(WITHIN.sub(lambda match: INLINE[match[1]](match[2]), line))
        return result


class CourseExtension(Extension):
    def __init__(self, **options):
        self.config = {
            "glossary": ["", "The page with the terms that get tooltips, from the root."]
        }
        super().__init__(**options)

    def extendMarkdown(self, md):  # noqa: N802
        # After white space is normalized (30), before fenced blocks are found (25). What a
        # directive returns may hold blocks of code to embed.
        md.preprocessors.register(DirectivePreprocessor(md), "directives", 28)
        transcripts = TranscriptPreprocessor(md, current_build())
        md.preprocessors.register(transcripts, "transcripts", 26)
        # Last, so that no other step changes what the files hold.
        md.preprocessors.register(EmbedPreprocessor(md), "embed", 25.5)
        if glossary := self.getConfig("glossary"):
            # After all text has become elements (20), before they are made HTML.
            md.treeprocessors.register(TermTreeprocessor(md, ROOT / glossary), "terms", 8)


def makeExtension(**options):  # noqa: N802
    return CourseExtension(**options)
