"""What the quiz says, where no other test runs it."""

from unittest.mock import Mock

import pytest
from django.contrib.auth.models import User
from django.core.management.base import BaseCommand
from django.db.models.query import ValuesListIterable


class Flagged(BaseCommand):
    def add_arguments(self, parser):
        parser.add_argument("--active-only", type=bool, default=False)


@pytest.fixture
def read(monkeypatch):
    """Return the list of rows that queries for tuples have handed out."""
    read, rows = [], ValuesListIterable.__iter__

    def note(self):
        for row in rows(self):
            read.append(row)
            yield row

    monkeypatch.setattr(ValuesListIterable, "__iter__", note)
    return read


def test_bool_takes_every_text_for_true_that_is_not_empty():
    parser = Flagged().create_parser("manage.py", "flagged")
    assert parser.parse_args(["--active-only", "False"]).active_only is True


def test_a_loop_over_a_queryset_has_read_all_rows_when_it_begins(db, read):
    User.objects.bulk_create(User(username=str(number)) for number in range(300))
    held = []
    writer = Mock()
    writer.writerow.side_effect = lambda _: held.append(len(read))
    for row in User.objects.values_list("username", "email"):
        writer.writerow(row)
    assert held == [300] * 300
