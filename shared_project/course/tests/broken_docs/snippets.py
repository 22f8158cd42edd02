"""Snippets as Django's documentation prints them, and below each of them what works."""

from io import StringIO

from django.core import management
from django.core.management import call_command
from django.db import models
from django.test import AsyncClient, TestCase
from django.test.utils import isolate_apps


class ClosepollTest(TestCase):
    def test_command_output(self):
        out = StringIO()
        call_command("closepoll", poll_ids=[1], stdout=out)
        self.assertIn('Successfully closed poll "1"', out.getvalue())


class WorkingClosepollTest(TestCase):
    def test_command_output(self):
        out = StringIO()
        call_command("closepoll", 1, stdout=out)
        self.assertIn('Successfully closed poll "1"', out.getvalue())


def flush_in_words():
    call_command('flush', '--verbosity=0')


def flush_with_options():
    call_command('flush', verbosity=0)


def flush_unasked():
    management.call_command("flush", verbosity=0, interactive=False)


def get_without_await():
    c = AsyncClient()
    return c.get("/customers/details/", {"name": "fred", "age": 7}, ACCEPT="application/json")


async def get_with_await():
    c = AsyncClient()
    return await c.get("/customers/details/", {"name": "fred", "age": 7}, ACCEPT="application/json")


def isolate(app_label):
    with isolate_apps(app_label):

        class TestModel(models.Model):
            pass

    return TestModel
