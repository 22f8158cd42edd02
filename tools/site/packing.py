"""Pack what the terminal in the pages runs: `docs/assets/terminal/<build>/`.

The build's name is a hash of everything that goes into it, so files of two builds never meet.
"""

import gzip
import hashlib
import json
import os
import re
import shutil
import struct
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from shared_project.chapters import ROOT
from shared_project.course.exercises import exercises
from shared_project.tour import read_tours
from tools.site.libraries import ASSETS, TERMINAL, find, is_installed

WORK = ROOT / "var" / "terminal"
TARGET = ASSETS / "terminal"
LOCKS = {"libraries": "python/requirements.txt", "pytest": "python/requirements-tests.txt"}

# Our folders and files that the site serves, in the same places.
SERVED = ["shell", "editing", "view", "panels", "machine", "python", "course.mjs", "sw.js"]
SUFFIXES = {".mjs", ".js", ".css", ".json", ".py"}
# The file in the package, and its name in the folder `vendor`.
COPIES = {
    "pyodide/pyodide.mjs": "pyodide.mjs",
    "pyodide/pyodide.asm.mjs": "pyodide.asm.mjs",
    "@xterm/xterm/lib/xterm.mjs": "xterm.mjs",
    "@xterm/xterm/css/xterm.css": "xterm.css",
    "@xterm/addon-fit/lib/addon-fit.mjs": "addon-fit.mjs",
    "fflate/esm/browser.js": "fflate.mjs",
}
LICENSES = ["pyodide", "@xterm/xterm", "@xterm/addon-fit", "@codemirror/view", "fflate", "diff"]

# What the learner's disk holds.
COURSE = ["chapters", "shared_project", "manage.py", "conftest.py", "pyproject.toml"]
COURSE += ["requirements.txt", "README.md"]
NOT_COURSE = re.compile(r"(^|/)__pycache__/|\.pyc$")
# What no command needs of the libraries.
UNUSED = re.compile(
    r"/locale/(?!en/|__init__)"
    r"|^django/contrib/(gis|admindocs|flatpages|redirects|sitemaps|syndication|postgres)/"
    r"|^django/contrib/admin/(static|templates)/"
    r"|^django/db/backends/(mysql|oracle|postgresql)/"
    r"|\.dist-info/(?!METADATA|entry_points|licenses)"
    r"|\.(po|pot|js|css|rst|md|h|c|pyi)$"
    r"|^tzdata/(zones|zoneinfo/(?!UTC|__init__))"
    r"|^pygments/(lexers|styles|formatters)/(?!__init__|_mapping|python|diff|special|default|termin)"
)

BUNDLE = "require('esbuild').buildSync(JSON.parse(process.argv[1]))"
# The line of a program's output that says what is wrong: pip's, Node.js's, esbuild's, Python's.
ERROR = re.compile(r"^\W*(ERROR|\w*Error)\b")
PATIENCE = 600  # seconds; each program needs less than a minute


class PackingError(Exception):
    """The terminal cannot be packed; the message says why, in one line."""


def pack_terminal(say: Callable[[str], None] = print) -> tuple[bool, str]:
    """Pack the terminal, unless that was done since its files last changed.

    Returns whether nothing went wrong, and one line that says what was done. Without Node.js the
    site is built without a terminal; that is no error. `say` is called before the work begins.
    """
    node = find("node")
    if not node:
        shutil.rmtree(TARGET, ignore_errors=True)
        return True, "Node.js is absent: the pages have no terminal."
    build = name_of_build()
    if (TARGET / build / "manifest.json").exists():
        return True, "The terminal is packed already."
    shutil.rmtree(TARGET, ignore_errors=True)
    if not is_installed(TERMINAL):
        return False, "The pages have no terminal: npm has not installed what it needs."
    try:
        say("Packing the terminal, which takes about half a minute …")
        with work_folder() as folder:
            fill(folder / build, node)
            TARGET.mkdir(parents=True)
            # At once, so that there is never half a build.
            (folder / build).rename(TARGET / build)
    except (PackingError, OSError) as error:
        return False, f"The pages have no terminal: {error}"
    return True, f"The terminal is packed ({build})."


def is_packed(path: str) -> bool:
    """Return whether the learner finds the course's file `path` on the terminal's disk."""
    return path.split("/")[0] in COURSE and not NOT_COURSE.search(path)


def current_build(target: Path = TARGET) -> str | None:
    """Return the name of the build that is packed, or None where there is none."""
    manifests = sorted(target.glob("*/manifest.json"))
    return manifests[0].parent.name if manifests else None


def name_of_build() -> str:
    """Return the hash of everything that a build is made of."""
    whole = hashlib.sha256()
    inputs = [TERMINAL / "package-lock.json", Path(__file__)]
    inputs += our_files([*SERVED, "packing"], {*SUFFIXES, ".txt"})
    for name, content in [
        *((os.path.relpath(path, TERMINAL), path.read_bytes()) for path in inputs),
        *course_files(),
    ]:
        whole.update(f"{name} {len(content)}\n".encode() + content)
    return whole.hexdigest()[:16]


def fill(target: Path, node: str) -> None:
    """Write a build to the new folder `target`. Raises PackingError."""
    target.mkdir(parents=True)
    sites = {name: site_packages(lock) for name, lock in LOCKS.items()}
    course = dict(course_files())
    for path in our_files(SERVED, SUFFIXES):
        copy = target / path.relative_to(TERMINAL)
        copy.parent.mkdir(exist_ok=True)
        shutil.copy(path, copy)
    fill_vendor(target / "vendor", node)
    compile_python(target, node, sites, course)
    shop = demo_shop()
    built = time.time()  # of the shop, whose rows are a little older
    write_pack(target / "course.pack.gz", {**course, **shop})
    tables = b"".join(
        content for path, content in sorted(course.items()) if "/migrations/" in path
    )
    manifest = {
        "tables": hashlib.sha256(tables).hexdigest()[:16],
        "built": built,
        "exercises": keys_of_exercises(),
    }
    (target / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")


def our_files(places: Iterable[str], suffixes: set[str]) -> Iterator[Path]:
    """Yield the files of the terminal with one of `suffixes` that `places` hold or are."""
    for place in places:
        top = TERMINAL / place
        for path in sorted(top.iterdir()) if top.is_dir() else [top]:
            if path.suffix in suffixes:
                yield path


def fill_vendor(target: Path, node: str) -> None:
    """Write what npm's packages bring to the new folder `target`. Raises PackingError."""
    packages = TERMINAL / "node_modules"
    target.mkdir()
    for source, name in COPIES.items():
        shutil.copy(packages / source, target / name)
    for package in LICENSES:
        text = next((packages / package).glob("LICENSE*"), None)
        if text:
            shutil.copy(text, target / f"{package.replace('/', '-').lstrip('@')}.license.txt")
    bundle(node, TERMINAL / "packing/codemirror.entry.mjs", target / "codemirror.mjs")
    bundle(node, packages / "diff/libesm/patch/create.js", target / "diff.mjs")


def course_files() -> Iterator[tuple[str, bytes]]:
    """Yield the path and the content of each file that a learner finds on the disk."""
    for name in COURSE:
        top = ROOT / name
        for path in sorted(top.rglob("*")) if top.is_dir() else [top]:
            inside = path.relative_to(ROOT).as_posix()
            if path.is_file() and is_packed(inside):
                yield inside, path.read_bytes()


def demo_shop() -> dict[str, bytes]:
    """Return the files of a newly loaded demo shop, as they lie in `var`."""
    with tempfile.TemporaryDirectory(prefix="shop-") as folder:
        env = {key: value for key, value in os.environ.items() if not key.startswith("DJANGO_")}
        env = {**env, "DJANGO_DATA_DIR": folder}
        env.pop("DATABASE_URL", None)
        for command in ("migrate", "load_demo"):
            run([sys.executable, ROOT / "manage.py", command, "-v", "0"], env=env)
        return {
            f"var/{path.relative_to(folder).as_posix()}": path.read_bytes()
            for path in sorted(Path(folder).rglob("*"))
            if path.is_file()
        }


@contextmanager
def work_folder() -> Iterator[Path]:
    """A folder on the disk of the repository: what is renamed from here is whole or absent."""
    WORK.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=WORK) as folder:
        yield Path(folder)


def keys_of_exercises() -> dict[str, list[str]]:
    """Return the keys of each chapter's exercises."""
    keys = {}
    for exercise in exercises(ROOT):
        keys.setdefault(exercise.chapter, []).append(exercise.key)
    return keys


def site_packages(lock: str) -> Path:
    """Return a folder with the packages that the file `lock` pins. Raises PackingError."""
    pinned = TERMINAL / lock
    key = hashlib.sha256(pinned.read_bytes() + UNUSED.pattern.encode()).hexdigest()[:16]
    folder = WORK / f"site-{key}"
    if folder.exists():
        return folder
    with work_folder() as fresh:
        options = ["--require-hashes", "--no-deps", "--only-binary", ":all:", "--quiet"]
        # For the page's Python: this one may be too old for Django's newest version.
        options += ["--python-version", "3.14"]
        options += ["--disable-pip-version-check", "--retries", "1"]
        wheels = fresh / "wheels"
        run([sys.executable, "-m", "pip", "download", *options, "-r", pinned, "-d", wheels])
        for wheel in sorted(wheels.glob("*.whl")):
            with zipfile.ZipFile(wheel) as files:
                names = [name for name in files.namelist() if not UNUSED.search(name)]
                files.extractall(fresh / "site", names)
        (fresh / "site").rename(folder)
    return folder


def bundle(node: str, entry: Path, target: Path) -> None:
    """Make one module of `entry` and what it imports. Raises PackingError."""
    options = {
        "entryPoints": [str(entry)],
        "outfile": str(target),
        "nodePaths": [str(TERMINAL / "node_modules")],
        "bundle": True,
        "minify": True,
        "format": "esm",
        "target": "es2022",
        "logLevel": "silent",
    }
    # Not the program `esbuild`: npm may have put one in its place that Node.js cannot read.
    run([node, "-e", BUNDLE, json.dumps(options)], cwd=TERMINAL)


def compile_python(target, node, sites, course):
    """Write what Python is booted from: see packing/pack.mjs."""
    with tempfile.TemporaryDirectory(prefix="course-") as folder:
        for path, content in course.items():
            file = Path(folder) / "course" / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content)
        order = {
            "pyodide": str(TERMINAL / "node_modules" / "pyodide"),
            **{name: str(site) for name, site in sites.items()},
            "course": str(Path(folder) / "course"),
            "commands": [[["manage.py", "migrate"], 0], [["manage.py", "load_demo"], 0], *tour()],
            "tests": [[["-m", "pytest", "-p", "no:cacheprovider", "chapters/01"], 0]],
            "folders": ["var/tour"],  # the tour writes there
            "out": str(target),
        }
        file = Path(folder) / "order.json"
        file.write_text(json.dumps(order), encoding="utf-8")
        run([node, TERMINAL / "packing/pack.mjs", file])


def tour():
    """Yield the command lines of all chapters' tours, each with its exit code."""
    for line in read_tours(ROOT):
        yield [["manage.py", *line.arguments], line.exit_code]


def write_pack(target, files):
    """Write `files`, bytes by path, in the form that packs.mjs describes."""
    items = sorted(files.items())
    index = json.dumps([[path, len(content)] for path, content in items]).encode()
    whole = b"".join([struct.pack("<I", len(index)), index, *(content for _, content in items)])
    target.write_bytes(gzip.compress(whole, 9, mtime=0))


def run(command, **options):
    name = Path(command[0]).name
    try:
        done = subprocess.run(  # noqa: S603
            [str(part) for part in command],
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            timeout=PATIENCE,
            check=False,
            **options,
        )
    except subprocess.TimeoutExpired:
        raise PackingError(f"{name} took more than {PATIENCE} seconds") from None
    if done.returncode:
        said = (done.stderr or done.stdout).strip().splitlines() or ["no message"]
        errors = [line.strip() for line in said if ERROR.search(line)]
        raise PackingError(f"{name}: {(errors or said)[-1]}")
