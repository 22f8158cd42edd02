import re

from django.core.management import find_commands

from shared_project.shop.models import Product


def test_the_help_lists_the_command(root, expect):
    listed = find_commands(root / "management")
    if "price_list" not in listed:
        expect("python manage.py help", "listed under [practice]", listed, ["price_list"])


def test_Django_can_load_it(run, expect):
    try:
        run("--help")
    except Exception as error:
        ran = "python manage.py price_list --help"
        expect(ran, "an error while it is loaded", str(error), "none")


def test_it_prints_the_prices(run, expect):
    Product.objects.create(name="Piano", price="1234.50", category="Music")
    ran = run.ok()
    if "1.234,50 €" not in ran.stdout:
        expect(ran, "on stdout", ran.stdout.strip(), "Piano: 1.234,50 €")


def test_the_helper_is_no_command(root, expect):
    # There may be commands of other exercises beside it.
    helpers = [
        name
        for name in find_commands(root / "management")
        if name != "price_list" and "def euro(" in text_of(root, f"{name}.py")
    ]
    expect("python manage.py help", "helpers under [practice]", helpers, [])


def text_of(root, name):
    path = root / "management" / "commands" / name
    return path.read_text(encoding="utf-8") if path.is_file() else ""


def probe_it_is_in_a_folder_called_command(root):
    assert (root / "management" / "command" / "price_list.py").is_file()


def probe_its_name_begins_with_an_underscore(root):
    assert text_of(root, "_price_list.py")


def probe_its_class_has_another_name(root):
    classes = re.findall(r"^class (\w+)\(BaseCommand\)", text_of(root, "price_list.py"), re.M)
    assert classes
    assert "Command" not in classes


def probe_it_imports_a_helper_that_has_moved(root):
    assert re.search(r"^from \S*\beuro import", text_of(root, "price_list.py"), re.M)
    assert not text_of(root, "euro.py")
