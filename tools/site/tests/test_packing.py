import gzip
import io
import json
import re
import struct
import subprocess
import sys
import zipfile
from hashlib import sha256
from pathlib import Path

import pytest
from markdown import Markdown

from shared_project.chapters import ROOT
from tools.site import packing
from tools.site.libraries import find
from tools.site.packing import (
    PackingError,
    course_files,
    current_build,
    name_of_build,
    pack_terminal,
    run,
    site_packages,
    write_pack,
)

HERE = ROOT / "tools/terminal"
PACKAGES = ["pyodide", "@xterm/xterm", "@xterm/addon-fit", "fflate", "diff", "@codemirror/view"]


def write(folder, files):
    for path, text in files.items():
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")


@pytest.fixture
def root(tmp_path, monkeypatch):
    """A checkout with what the terminal is packed of; nothing else is read or written."""
    root = tmp_path / "course"
    write(
        root,
        {
            "chapters/01/hello/apps.py": "name = 'hello'\n",
            "chapters/01/hello/__pycache__/apps.cpython-311.pyc": "cached\n",
            "chapters/01/tests/test_hello.py": "def test_hello(): pass\n",
            "chapters/01/tour.txt": 'hello\ngreet "Ada L" 0  # exit 2\n',
            "shared_project/settings.py": "DEBUG = True\n",
            "shared_project/shop/migrations/0001_initial.py": "operations = []\n",
            "tools/site/embed.py": "def embed(): pass\n",
            "tools/site/tests/test_embed.py": "def test_it(): pass\n",
            "docs/theme/main.html": "<html>\n",
            "tools/terminal/machine/machine.mjs": "export const machine = 1;\n",
            "tools/terminal/packing/pack.mjs": "run();\n",
            "tools/terminal/course.mjs": "export const course = 1;\n",
            "tools/terminal/sw.js": "serve();\n",
            "tools/terminal/view/terminal.css": "p {}\n",
            "tools/terminal/python/prelude.py": "main = 1\n",
            **dict.fromkeys(
                [f"tools/terminal/{name}/x.mjs" for name in ("shell", "editing", "panels")], ""
            ),
            "tools/terminal/README.md": "About it.\n",
            "tools/terminal/tests/machine.test.mjs": "test();\n",
            "tools/terminal/python/requirements.txt": "django==5.2\n",
            "tools/terminal/python/requirements-tests.txt": "pytest==9\n",
            "tools/terminal/package-lock.json": json.dumps({"packages": {"": {}}}),
            "tools/terminal/node_modules/.package-lock.json": '{"packages": {}}',
            **{f"tools/terminal/node_modules/{source}": source for source in packing.COPIES},
            **{
                f"tools/terminal/node_modules/{package}/LICENSE": package
                for package in PACKAGES[1:]  # one package has none
            },
            **dict.fromkeys(["manage.py", "conftest.py", "pyproject.toml"], "# ours\n"),
            **dict.fromkeys(["requirements.txt", "README.md"], "ours\n"),
        },
    )
    for name, value in {
        "ROOT": root,
        "TERMINAL": root / "tools/terminal",
        "WORK": root / "var/terminal",
        "TARGET": root / "docs/assets/terminal",
        "find": {"node": "/bin/node"}.get,
    }.items():
        monkeypatch.setattr(packing, name, value)
    return root


@pytest.fixture
def programs(root, monkeypatch):
    """Stands in for the programs that packing starts: keeps their command lines."""

    class Programs:
        failing = ()  # words of a command line, and what that program says
        lines = []
        orders = []

        def run(self, command, **options):
            line = " ".join(map(str, command))
            self.lines = [*self.lines, line]
            if self.failing and self.failing[0] in line:
                return subprocess.CompletedProcess(command, 1, "", self.failing[1])
            if "download" in line:
                with zipfile.ZipFile(
                    self.folder(command) / "some-1-py3-none-any.whl", "w"
                ) as file:
                    for name in ("some/__init__.py", "some/locale/de/django.po", "some/style.css"):
                        file.writestr(name, name)
            elif "buildSync" in line:
                order = json.loads(command[-1])
                Path(order["outfile"]).write_text(
                    f"bundle of {Path(order['entryPoints'][0]).name}"
                )
            elif "pack.mjs" in line:
                order = json.loads(Path(command[-1]).read_text())
                self.orders = [*self.orders, order]
                self.course = sorted(
                    path.relative_to(order["course"]).as_posix()
                    for path in Path(order["course"]).rglob("*")
                    if path.is_file()
                )
                Path(order["out"], "python.pack.gz").write_bytes(b"packed")
            elif "load_demo" in line:
                write(Path(options["env"]["DJANGO_DATA_DIR"]), {"media/a.txt": "a\n"})
            return subprocess.CompletedProcess(command, 0, "", "")

        @staticmethod
        def folder(command):
            folder = Path(command[-1])
            folder.mkdir(parents=True)
            return folder

    programs = Programs()
    monkeypatch.setattr(packing.subprocess, "run", programs.run)
    return programs


def unpack(packed):
    """Read a pack as packs.mjs describes it."""
    whole = gzip.decompress(packed)
    (size,) = struct.unpack("<I", whole[:4])
    rest = io.BytesIO(whole[4:])
    return {path: rest.read(length) for path, length in json.loads(rest.read(size))}, rest.read()


# --- Whether, and when ---


def test_without_node_the_terminal_is_left_out_and_that_is_said(root, monkeypatch):
    write(root, {"docs/assets/terminal/abc/manifest.json": "{}"})
    monkeypatch.setattr(packing, "find", {}.get)
    said = []
    assert pack_terminal(said.append) == (
        True,
        "Node.js is absent: the pages have no terminal.",
    )
    assert said == []
    assert current_build(packing.TARGET) is None


def test_where_npm_has_failed_the_packages_are_missed_and_not_node(root, programs):
    (packing.TERMINAL / "node_modules/.package-lock.json").unlink()
    assert pack_terminal() == (
        False,
        "The pages have no terminal: npm has not installed what it needs.",
    )
    assert programs.lines == []


def test_that_it_takes_a_while_is_said_before_it_does(root, programs):
    lines = []
    assert pack_terminal(lambda text: lines.append((text, len(programs.lines))))[0]
    assert lines == [("Packing the terminal, which takes about half a minute …", 0)]


def test_a_packed_terminal_is_the_current_build(root, programs):
    build = name_of_build()
    assert pack_terminal() == (True, f"The terminal is packed ({build}).")
    assert current_build(packing.TARGET) == build
    assert len(build) == 16


def test_a_second_time_nothing_is_packed(root, programs):
    pack_terminal()
    programs.lines, said = [], []
    assert pack_terminal(said.append) == (True, "The terminal is packed already.")
    assert programs.lines == said == []


def test_a_changed_chapter_is_packed_in_the_place_of_the_old_build(root, programs):
    pack_terminal()
    write(root, {"chapters/01/hello/apps.py": "name = 'hi'\n"})
    assert pack_terminal()[0]
    assert [folder.name for folder in packing.TARGET.iterdir()] == [name_of_build()]
    # What has not changed is not fetched again.
    assert sum("download" in line for line in programs.lines) == 2


@pytest.mark.parametrize("step", ["download", "codemirror", "create.js", "pack.mjs", "load_demo"])
def test_a_step_that_fails_is_one_line_and_leaves_nothing_half_built(root, programs, step):
    pack_terminal()
    for folder in packing.WORK.iterdir():
        folder.rename(root / folder.name)
    write(root, {"chapters/01/hello/apps.py": "name = 'hi'\n"})
    programs.failing = (step, "Traceback:\nValueError: it is broken\nNode.js v20")
    worked, said = pack_terminal()
    assert not worked
    assert said.startswith("The pages have no terminal: ")
    assert said.endswith(": ValueError: it is broken")
    assert current_build(packing.TARGET) is None
    assert not packing.TARGET.exists()
    assert all(folder.name.startswith("site-") for folder in packing.WORK.iterdir())


def test_a_full_disk_is_one_line(root, programs, monkeypatch):
    def copy(*arguments):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(packing.shutil, "copy", copy)
    assert pack_terminal() == (
        False,
        "The pages have no terminal: [Errno 28] No space left on device",
    )
    assert not packing.TARGET.exists()


# --- The name of a build ---


def test_the_same_files_give_the_same_name(root):
    first = name_of_build()
    (root / "chapters/01/tour.txt").touch()
    assert name_of_build() == first


@pytest.mark.parametrize(
    "path",
    [
        "chapters/01/hello/apps.py",
        "chapters/01/tests/test_hello.py",
        "tools/terminal/machine/machine.mjs",
        "tools/terminal/python/requirements.txt",
        "tools/terminal/package-lock.json",
    ],
)
def test_a_changed_file_gives_another_name(root, path):
    first = name_of_build()
    with (root / path).open("a") as file:
        file.write("# changed\n")
    assert name_of_build() != first


def test_a_renamed_file_gives_another_name(root):
    first = name_of_build()
    (root / "chapters/01/hello/apps.py").rename(root / "chapters/01/hello/apps2.py")
    assert name_of_build() != first


@pytest.mark.parametrize(
    "path",
    [
        "tools/site/tests/test_embed.py",
        "tools/terminal/README.md",
        "chapters/01/hello/__pycache__/apps.cpython-311.pyc",
        "docs/index.md",
    ],
)
def test_what_is_not_packed_does_not_change_the_name(root, path):
    first = name_of_build()
    write(root, {path: "changed\n"})
    assert name_of_build() == first


# --- What is in it ---


def test_the_learner_finds_the_course_and_not_what_makes_the_site(root):
    assert sorted(path for path, _ in course_files()) == [
        "README.md",
        "chapters/01/hello/apps.py",
        "chapters/01/tests/test_hello.py",
        "chapters/01/tour.txt",
        "conftest.py",
        "manage.py",
        "pyproject.toml",
        "requirements.txt",
        "shared_project/settings.py",
        "shared_project/shop/migrations/0001_initial.py",
    ]


def test_the_folder_holds_our_modules_and_those_of_the_packages(root, programs):
    pack_terminal()
    build = packing.TARGET / name_of_build()
    names = {path.relative_to(build).as_posix() for path in build.rglob("*") if path.is_file()}
    vendor = {*packing.COPIES.values(), "codemirror.mjs", "diff.mjs"}
    vendor |= {"xterm-xterm.license.txt", "fflate.license.txt"}
    assert names >= {"machine/machine.mjs", "view/terminal.css", "python/prelude.py", "sw.js"}
    assert names >= {"manifest.json", "course.pack.gz", "python.pack.gz"}
    assert names >= {f"vendor/{name}" for name in vendor}
    # Only Node.js runs `packing`, and a learner's page has no use for the rest.
    assert not [
        name
        for name in names
        if re.search(r"packing/|tests/|README|\.txt$", name) and not name.startswith("vendor/")
    ]


def test_the_disk_holds_the_course_and_a_loaded_shop(root, programs):
    pack_terminal()
    packed, rest = unpack((packing.TARGET / name_of_build() / "course.pack.gz").read_bytes())
    assert packed == {**dict(course_files()), "var/media/a.txt": b"a\n"}
    assert rest == b""


def test_the_shop_is_loaded_into_a_database_of_its_own(root, programs, monkeypatch):
    seen = []
    monkeypatch.setenv("DATABASE_URL", "postgres://production/shop")
    monkeypatch.setenv("DJANGO_DEBUG", "0")
    monkeypatch.setattr(packing, "run", lambda command, env: seen.append((command[-3], env)))
    assert packing.demo_shop() == {}
    assert [name for name, _ in seen] == ["migrate", "load_demo"]
    for _, env in seen:
        assert "DATABASE_URL" not in env
        assert "DJANGO_DEBUG" not in env


def test_python_is_packed_from_the_course_and_what_the_tours_import(root, programs):
    pack_terminal()
    (order,) = programs.orders
    assert programs.course == sorted(path for path, _ in course_files())
    assert order["commands"] == [
        [["manage.py", "migrate"], 0],
        [["manage.py", "load_demo"], 0],
        [["manage.py", "hello"], 0],
        [["manage.py", "greet", "Ada L", "0"], 2],
    ]


def test_changed_tables_of_the_shop_are_known_by_the_manifest(root, programs):
    def shop():
        pack_terminal()
        file = packing.TARGET / name_of_build() / "manifest.json"
        return json.loads(file.read_text())["tables"]

    first = shop()
    write(root, {"chapters/01/hello/apps.py": "name = 'hi'\n"})
    assert shop() == first
    write(root, {"shared_project/shop/migrations/0002_more.py": "operations = [1]\n"})
    assert shop() != first


def test_the_manifest_has_the_keys_of_each_chapters_exercises(root, programs):
    entry = '[[exercise]]\nnumber = 1\nkey = "{}"\ntitle = ""\nkind = "build"\nminutes = 5\n'
    entry += 'task = ""\nhints = []\nwhy = ""\n'
    write(root, {"chapters/01/exercises.toml": entry.format("b") + entry.format("a")})
    write(root, {"chapters/05/exercises.toml": entry.format("c")})
    pack_terminal()
    manifest = json.loads((packing.TARGET / name_of_build() / "manifest.json").read_text())
    assert manifest["exercises"] == {"01": ["b", "a"], "05": ["c"]}


def test_a_pack_that_is_read_back_is_the_same(tmp_path):
    files = {"b/é.txt": b"two\n", "a.txt": b"", "c.bin": bytes(range(256))}
    write_pack(tmp_path / "some.pack.gz", files)
    packed, rest = unpack((tmp_path / "some.pack.gz").read_bytes())
    assert packed == files
    assert [*packed] == sorted(files)
    assert rest == b""


def test_the_same_files_make_the_same_pack(tmp_path):
    write_pack(tmp_path / "one", {"a": b"1", "b": b"2"})
    write_pack(tmp_path / "other", {"b": b"2", "a": b"1"})
    assert (tmp_path / "one").read_bytes() == (tmp_path / "other").read_bytes()


# --- The libraries ---


def test_of_a_library_only_what_commands_need_is_kept(root, programs):
    folder = site_packages("python/requirements.txt")
    assert [path.name for path in folder.rglob("*") if path.is_file()] == ["__init__.py"]


def test_a_changed_lock_is_fetched_into_a_folder_of_its_own(root, programs):
    first = site_packages("python/requirements.txt")
    write(packing.TERMINAL, {"python/requirements.txt": "django==5.3\n"})
    assert site_packages("python/requirements.txt") != first


def test_pip_refuses_a_wheel_with_another_hash(root, monkeypatch):
    shelf = root / "shelf"
    shelf.mkdir()
    wheel = shelf / "some-1-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as file:
        file.writestr("some/__init__.py", "")
        file.writestr(
            "some-1.dist-info/METADATA", "Metadata-Version: 2.1\nName: some\nVersion: 1\n"
        )
        file.writestr("some-1.dist-info/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
        file.writestr("some-1.dist-info/RECORD", "")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(shelf))
    lock = packing.TERMINAL / "python/requirements.txt"
    lock.write_text(f"some==1 --hash=sha256:{'0' * 64}\n")
    with pytest.raises(PackingError, match="THESE PACKAGES DO NOT MATCH THE HASHES"):
        site_packages("python/requirements.txt")
    assert [*packing.WORK.iterdir()] == []
    lock.write_text(f"some==1 --hash=sha256:{sha256(wheel.read_bytes()).hexdigest()}\n")
    assert (site_packages("python/requirements.txt") / "some/__init__.py").exists()


# --- What a program says ---


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Error [ERR_X]: no module\n    at x\n\nNode.js v20.1.0", "Error [ERR_X]: no module"),
        ("✘ [ERROR] Could not resolve\n\n    a.mjs:1:7:", "✘ [ERROR] Could not resolve"),
        ("WARNING: retrying\nERROR: No matching distribution", "ERROR: No matching distribution"),
        ("  File x\nModuleNotFoundError: no Django", "ModuleNotFoundError: no Django"),
        ("one\ntwo", "two"),
        ("", "no message"),
    ],
)
def test_of_what_a_failing_program_says_the_error_is_passed_on(text, said):
    script = f"import sys; sys.stderr.buffer.write({text.encode()!r}); sys.exit(1)"
    with pytest.raises(PackingError) as caught:
        run([sys.executable, "-c", script])
    assert str(caught.value) == f"{Path(sys.executable).name}: {said}"


def test_a_program_that_does_not_end_is_ended(monkeypatch):
    monkeypatch.setattr(packing, "PATIENCE", 0.1)
    with pytest.raises(PackingError, match=r"took more than 0\.1 seconds"):
        run([sys.executable, "-c", "import time; time.sleep(30)"])


# --- The pages ---


@pytest.mark.parametrize("build", [None, "0123456789abcdef"])
def test_only_where_a_terminal_is_packed_a_block_names_its_build(monkeypatch, build):
    monkeypatch.setattr("tools.site.extension.current_build", lambda: build)
    extensions = ["tools.site.extension", "pymdownx.superfences"]
    text = "```console\n$ python manage.py hello\nHello, World!\n```"
    shown = Markdown(extensions=extensions).convert(text)
    assert ("data-build" in shown) == ("data-run" in shown) == bool(build)
    assert not build or f'data-build="{build}"' in shown


# --- The real one ---


def test_the_page_reads_a_pack_as_it_was_written(tmp_path):
    node = find("node")
    if not node:
        pytest.skip("needs Node.js")
    files = {"b/é.txt": b"two\n", "a.txt": b"", "c.bin": bytes(range(256))}
    write_pack(tmp_path / "some.pack.gz", files)
    (tmp_path / "read.mjs").write_text(
        f"""\
        import {{ readFileSync }} from "node:fs";
        import {{ gunzipSync }} from "node:zlib";
        import {{ unpack }} from {json.dumps((HERE / "machine/packs.mjs").as_uri())};
        const whole = new Uint8Array(gunzipSync(readFileSync("some.pack.gz")));
        console.log(JSON.stringify([...unpack(whole)].map(([path, bytes]) => [path, [...bytes]])));
        """,
        encoding="utf-8",
    )
    done = subprocess.run([node, "read.mjs"], cwd=tmp_path, capture_output=True, check=True)
    assert {path: bytes(read) for path, read in json.loads(done.stdout)} == files


@pytest.mark.browser
def test_the_pages_name_the_build_that_the_site_holds(site):
    build = name_of_build()
    page = next((site / "chapters").glob("01-*.html")).read_text(encoding="utf-8")
    assert {*re.findall(r'data-build="([^"]*)"', page)} == {build}
    packed, _ = unpack((site / "assets/terminal" / build / "course.pack.gz").read_bytes())
    shop = {path for path in packed if path.startswith("var/")}
    assert "var/db.sqlite3" in shop
    assert {path: packed[path] for path in packed.keys() - shop} == dict(course_files())
