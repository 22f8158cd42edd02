"""Compile what the page's Python imports. Runs inside Pyodide: bytecode fits one Python alone.

    compile.py list NAME '[[["manage.py", "help"], 0], …]'
        run command lines that end with these exit codes; write which files they import
    compile.py build
        write the bytecode of what the lists `commands` and `tests` name

Run it in the course's folder. It works in /out: the lists, then the folder `lib` with the source
of the standard library, and the folders `commands.d` and `tests.d` with bytecode: of what commands
import, and of what tests do besides.
"""

import ast
import contextlib
import importlib._bootstrap_external
import io
import json
import py_compile
import sys
import zipfile
from pathlib import Path

OUT = Path("/out")
COURSE = f"{Path.cwd()}/"
ZIPPED = "/lib/python314.zip"
STDLIB = "/lib/python3.14/"
# What the standard library has and no command needs.
UNUSED = ("ensurepip/", "idlelib/", "lib2to3/", "pydoc_data/", "tkinter/", "turtle", "xmlrpc/")


def list_imports(name, lines):
    """Run command lines in one process, then write which files it has imported."""
    sys.path[0] = COURSE  # where manage.py is
    for argv, expected in lines:
        said = io.TextIOWrapper(io.BytesIO(), write_through=True)
        with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
            code = run(argv)
        if code != expected:
            sys.exit(f"{argv}: exit code {code}\n{said.buffer.getvalue().decode()}")
    files = {getattr(module, "__file__", None) or "" for module in [*sys.modules.values()]}
    (OUT / name).write_text(json.dumps(sorted(files - {""})))


def run(argv):
    import runpy

    sys.path[0] = ""  # as for a script of the course's, and not for this one
    try:
        if argv[0] == "-m":
            sys.argv = argv[1:]
            runpy.run_module(argv[1], run_name="__main__", alter_sys=True)
        else:
            sys.argv = argv
            runpy.run_path(argv[0], run_name="__main__")
    except SystemExit as stop:
        if isinstance(stop.code, str):
            sys.stderr.write(f"{stop.code}\n")
            return 1
        return int(stop.code or 0)
    return 0


def build():
    unpack_standard_library()
    done = set()
    for name in ("commands", "tests"):
        for file in json.loads((OUT / name).read_text(encoding="utf-8")):
            file = file.replace(f"{ZIPPED}/", STDLIB)
            if file.endswith(".py") and file.startswith((STDLIB, COURSE)) and file not in done:
                done.add(file)
                source = OUT / file[1:] if "/site-packages/" not in file else Path(file)
                # What a learner can edit is compared with its bytecode; the libraries are not.
                code = (
                    checked_bytecode(file) if file.startswith(COURSE) else bytecode(source, file)
                )
                write(f"{name}.d/bytecode{file.removesuffix('.py')}.cpython-314.pyc", code)


def unpack_standard_library():
    with zipfile.ZipFile(ZIPPED) as whole:
        for name in whole.namelist():
            if not name.endswith("/") and not name.startswith(UNUSED):
                write(f"{STDLIB[1:]}{name}", whole.read(name))


def write(path, content):
    target = OUT / path
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(content)


def checked_bytecode(file):
    target = "/tmp/compiled.pyc"
    py_compile.compile(file, cfile=target, dfile=file, doraise=True)
    return Path(target).read_bytes()


def bytecode(path, name):
    """Return bytecode that is never compared with its source, and without documentation.

    That is a third smaller, and still knows its lines.
    """
    source = path.read_bytes()
    tree = ast.parse(source)
    if b"__doc__" not in source:
        remove_docstrings(tree)
    compiled = compile(tree, name, "exec", dont_inherit=True)
    return bytes(importlib._bootstrap_external._code_to_hash_pyc(compiled, bytes(8), False))


def remove_docstrings(tree):
    documented = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    for node in ast.walk(tree):
        if isinstance(node, documented) and ast.get_docstring(node, clean=False) is not None:
            node.body[0] = ast.copy_location(ast.Pass(), node.body[0])


match sys.argv[1:]:
    case ["list", name, lines]:
        list_imports(name, json.loads(lines))
    case ["build"]:
        build()
