import os
import signal
from pathlib import Path

import pytest

pytestmark = pytest.mark.django_db(transaction=True)

DATA = Path(__file__).parent.parent / "data"


def test_a_broken_file_ends_with_exit_code_1_and_its_errors_on_stderr(manage, stored):
    done = manage("import_products", DATA / "broken.json", "-v", "0")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.splitlines()[0].startswith("row 2, price: must be a number")
    assert done.stderr.splitlines()[-1].endswith("7 errors in 8 rows. Nothing was imported.")
    assert stored() == []


@pytest.mark.posix
def test_a_reader_that_is_gone_does_not_undo_the_import(manage, stored):
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "w") as stdout:
        done = manage("import_products", DATA / "products.json", stdout=stdout)
    assert (done.returncode, done.stderr) == (141, "")
    assert len(stored()) == 5


@pytest.mark.posix
@pytest.mark.parametrize(
    ("number", "code", "last_line"),
    [(signal.SIGTERM, 143, None), (signal.SIGINT, 130, "Stopped by Ctrl-C.")],
)
def test_a_signal_in_the_middle_leaves_nothing(manage, stored, file, number, code, last_line):
    row = b'{"name": "Teapot", "price": 1, "category": "Kitchen"},\n'
    process = manage.start("import_products", file(b"[null,\n" + row * 200_000 + b"null]"))
    assert process.stderr.readline() == "row 1: must be an object, not null.\n"
    process.send_signal(number)
    stdout, stderr = process.communicate(timeout=20)
    assert (process.returncode, stdout) == (code, "")
    assert stderr.splitlines() == ([last_line] if last_line else [])
    assert stored() == []
