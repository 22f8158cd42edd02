"""The files of exercises that are made for the tests of the course."""

HELLO = """\
import sys
from django.core.management.base import BaseCommand


class Command(BaseCommand):
    def handle(self, *args, **options):
        {}
"""
SAYS_HELLO = HELLO.format('self.stdout.write("hello")')
EXPECTATIONS = """\
def test_it_says_hello(run, expect):
    ran = run()
    expect(ran, "stdout", ran.stdout, "hello\\n")


def test_it_ends_well(run):
    run.ok()
"""
TEST = """\
from io import StringIO
from django.core.management import call_command


def test_hello():
    stdout = StringIO()
    call_command("say_hello", stdout=stdout)
    assert stdout.getvalue()
"""
TESTCASE = """\
from io import StringIO
from django.core.management import call_command
from django.test import TestCase


class HelloTests(TestCase):
    def test_hello(self):
        stdout = StringIO()
        call_command("say_hello", stdout=stdout)
        self.assertTrue(stdout.getvalue())
"""
FIELDS = {
    "chapter": "05",
    "number": 1,
    "key": "say_hello",
    "title": "Say hello",
    "kind": "build",
    "minutes": 5,
    "task": "Say hello.",
    "hints": ("Write.",),
    "why": "It is polite.",
}
TOML = '''
[[exercise]]
number = 1
key = "say_hello"
title = "Say hello"
kind = "build"
minutes = 5
needs = "nothing"
task = """
Say hello.

In two paragraphs.
"""
hints = ["Write.", "Use stdout."]
why = "It is polite."

[[exercise.mistake]]
id = "says_goodbye"
fails = ["it_says_hello"]
says = "You say goodbye."

[[exercise]]
number = 2
key = "test_say_hello"
command = "say_hello"
title = "Test it"
kind = "test"
minutes = 5
bad = ["says_nothing"]
task = "Test it."
hints = ["Look."]
why = "A test must be able to fail."
'''
GREETING = """\
from django.core.management.base import BaseCommand


class Command(BaseCommand):
    def handle(self, *args, **options):
        self.stdout.write({!r})
"""
FILE = "management/commands/say_hello.py"
