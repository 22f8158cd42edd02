import re

import pytest

from shared_project.shop.models import Customer

NUMBER = re.compile(r"(?<![\w.])\d+(?![\w])")
BAD_ROWS = ["Ada,ada@example.com", ",bob@example.com", "Cy,cy@example.com", "Eve,eve-at-example"]
BAD_ROW_ON_LINE_5 = [
    "Ada,ada@example.com",
    "Bob,bob@example.com",
    "",
    "Eve,eve-at-example",
    "Fay,fay@example.com",
    "Gil,gil@example.com",
    "Hal,hal@example.com",
]
ADA_TWICE = ["Ada,ada@example.com", "Bob,bob@example.com", "Ada L.,ada@example.com"]


@pytest.fixture
def importing(run, tmp_path, monkeypatch):
    """Return a function that imports a file with these lines, and shows them in the verdict."""
    monkeypatch.chdir(tmp_path)

    def importing(rows, header="name,email", encoding="utf-8"):
        text = "".join(f"{line}\n" for line in [header, *rows])
        (tmp_path / "customers.csv").write_text(text, encoding=encoding)
        ran = run("customers.csv")
        ran.line += f", with the lines {' | '.join([header, *rows])}"
        return ran

    return importing


def test_a_good_file_is_imported(importing, expect):
    ran = importing(["Ada,ada@example.com", "Zoë,zoe@example.com"])
    expect(ran, "in the shop", in_shop(), ["Ada <ada@example.com>", "Zoë <zoe@example.com>"])


def test_every_bad_row_is_reported(importing, expect):
    ran = importing(BAD_ROWS)
    expect(ran, "fields named on stderr", fields_named(ran), ["email", "name"])


def test_the_row_is_the_line_of_the_file(importing, expect):
    ran = importing(BAD_ROW_ON_LINE_5)
    found = numbers(ran.stderr)
    expect(ran, "line named on stderr", 5 if 5 in found else found, 5)


def test_exit_code_1_when_a_row_is_bad(importing, expect):
    ran = importing(BAD_ROWS)
    expect(ran, "exit code", ending(ran), 1)


def test_one_bad_row_and_nothing_is_imported(importing, expect):
    ran = importing(BAD_ROWS)
    expect(ran.line, "in the shop", in_shop(), [])


def test_a_known_email_is_updated_not_added_twice(importing, expect):
    Customer.objects.create(name="Ada", email="ada@example.com")
    ran = importing(["Ada Lovelace,ada@example.com"])
    expect(ran, "in the shop", in_shop(), ["Ada Lovelace <ada@example.com>"])


def test_the_summary_tells_new_from_known(importing, expect):
    ran = importing(three_known_and_two_new())
    label = "numbers on stdout, of 2 new customers and 3 known ones"
    expect(ran, label, [number for number in numbers(ran.stdout) if number in (2, 3)], [2, 3])


def test_a_stop_in_the_middle_imports_nothing(importing, expect, stop_at):
    with stop_at(2):
        ran = importing(["Ada,ada@example.com", "Bob,bob@example.com", "Cy,cy@example.com"])
    if ran.code:  # a single statement has no middle
        line = f"{ran.line}, and Ctrl-C before the second one is stored"
        expect(line, "in the shop", in_shop(), [])


def test_an_email_that_is_in_the_file_twice_is_an_error(importing, expect):
    ran = importing(ADA_TWICE)
    expect(ran, "exit code", ending(ran), 1)


def test_a_file_from_a_spreadsheet_is_welcome(importing, expect):
    ran = importing(["Zoë,zoe@example.com"], encoding="utf-8-sig")
    ran.line += ", as a spreadsheet saves it"
    expect(ran, "ending", last_line(ran), "exit code 0")


def test_a_missing_column_is_one_line(importing, expect):
    ran = importing(["Ada,ada@example.com", "Bob,bob@example.com"], header="name,mail")
    expect(ran, "ending", one_line(ran), "exit code 1, lines on stderr: 1")


def test_a_missing_file_is_one_line(run, expect):
    ran = run("no-such-file.csv")
    expect(ran, "ending", one_line(ran), "exit code 1, lines on stderr: 1")


def in_shop():
    return [str(customer) for customer in Customer.objects.all()]


def fields_named(ran):
    return [name for name in ("email", "name") if re.search(rf"(?i)\b{name}\b", ran.stderr)]


def numbers(text):
    return sorted({int(number) for number in NUMBER.findall(text)})


def ending(ran):
    return "a traceback" if ran.crash else ran.code


def one_line(ran):
    count = len([line for line in ran.stderr.splitlines() if line.strip()])
    return f"exit code {ending(ran)}, lines on stderr: {count}"


def last_line(ran):
    last = ran.stderr.strip().splitlines()[-1:] if ran.code else []
    return ", ".join([f"exit code {ran.code}", *last])


def three_known_and_two_new():
    for name in ("ada", "bob", "cy"):
        Customer.objects.create(name=name, email=f"{name}@example.com")
    return [f"{name.title()},{name}@example.com" for name in ("ada", "bob", "cy", "eve", "fay")]


def probe_one_field_is_named(importing):
    assert len(fields_named(importing(BAD_ROWS))) == 1


def probe_it_counts_without_the_header(importing):
    found = numbers(importing(BAD_ROW_ON_LINE_5).stderr)
    assert 2 in found or 3 in found
    assert 4 not in found


def probe_it_counts_without_the_blank_line(importing):
    assert 4 in numbers(importing(BAD_ROW_ON_LINE_5).stderr)


def probe_all_good_rows_are_stored(importing):
    importing(BAD_ROWS)
    assert in_shop() == ["Ada <ada@example.com>", "Cy <cy@example.com>"]


def probe_a_known_email_is_an_error(importing):
    Customer.objects.create(name="Ada", email="ada@example.com")
    ran = importing(["Ada Lovelace,ada@example.com"])
    assert ran.code == 1
    assert ran.crash is None


def probe_a_known_email_is_added_again(importing):
    Customer.objects.create(name="Ada", email="ada@example.com")
    ran = importing(["Ada Lovelace,ada@example.com"])
    assert type(ran.crash).__name__ == "IntegrityError"


def probe_only_the_total_is_printed(importing):
    found = numbers(importing(three_known_and_two_new()).stdout)
    assert 5 in found
    assert not {2, 3} & {*found}


def probe_the_last_row_wins(importing):
    assert importing(ADA_TWICE).code == 0
    assert "Ada L. <ada@example.com>" in in_shop()
