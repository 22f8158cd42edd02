"""Set the course up and show that it runs. Needs Python 3.11 and nothing else.

    python3 start.py             set up, run every chapter's commands, build the site
    python3 start.py site        set up, then serve the site until Ctrl-C
    python3 start.py test [...]  set up, then run every test; the rest goes to pytest

Safe to run again: a second run installs nothing. Everything it makes is in .venv, var and site.
"""

import ast
import hashlib
import os
import platform
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from subprocess import DEVNULL

ROOT = Path(__file__).resolve().parent
sys.path.insert(0, str(ROOT))  # PYTHONSAFEPATH leaves it out

from shared_project.tour import read_tours  # noqa: E402

VENV = ROOT / ".venv"
PYTHON = VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
TOUR = ROOT / "var" / "tour"
# A `-n` of yours comes after it, and counts instead.
ON_ALL_CORES = ("-n", "auto", "--dist", "worksteal")
OURS = ("DATABASE_URL", "DJANGO_")
# What a shell is set to for other projects: it would decide which Python, which modules, which
# settings and which of pip's options count here.
OTHERS = (
    "DJANGO_SETTINGS_MODULE", "PIP_", "PYTHONEXECUTABLE", "PYTHONHOME", "PYTHONINSPECT",
    "PYTHONOPTIMIZE", "PYTHONPATH", "PYTHONPLATLIBDIR", "PYTHONSAFEPATH", "PYTHONWARNINGS",
    "VIRTUAL_ENV", "__PYVENV_LAUNCHER__",
)  # fmt: skip
# The settings of pip that say how to reach the packages, and not where or how to install them.
PIP_SETTINGS = {
    "cache-dir", "cert", "client-cert", "constraint", "default-timeout", "extra-index-url",
    "find-links", "index-url", "keyring-provider", "no-cache-dir", "no-index", "only-binary",
    "pre", "prefer-binary", "proxy", "resume-retries", "retries", "timeout", "trusted-host",
    "use-deprecated", "use-feature",
}  # fmt: skip
# Words of pip's output, and the advice that they support. The first match counts.
ADVICE = (
    ("no space left", "Free some disk space, then run this again. "),
    ("quota exceeded", "Free some disk space, then run this again. "),
    ("certificate", "Check pip's `cert` and `proxy`, then run this again. "),
    ("connection", "Check the network, then run this again. "),
    ("name resolution", "Check the network, then run this again. "),
    ("timed out", "Check the network, then run this again. "),
)
WORKS = "import sys; sys.exit(sys.version_info < (3, 11) or sys.prefix == sys.base_prefix)"


class StopError(Exception):
    """What keeps us from going on, in one line."""


def main():
    mode, rest = (sys.argv[1:2] or ["tour"])[0], sys.argv[2:]
    if mode not in ("tour", "site", "test") or (rest and mode != "test"):
        raise StopError("usage: python3 start.py [site | test [pytest arguments]]")
    if sys.version_info < (3, 11):
        raise StopError(
            "This course needs Python 3.11 or newer; this is " + platform.python_version()
        )
    os.chdir(ROOT)
    make_environment()
    install("requirements-dev.txt" if mode == "test" else "requirements.txt")
    # The set-up always works on SQLite and with debug on, whatever this shell is set to.
    plain = inherited(*OURS)
    say("Preparing the demo shop in var/ …")
    load_shop(plain)
    if mode == "test":
        say("Running the tests …")
        return call("-m", "pytest", *ON_ALL_CORES, *rest)
    if mode == "site":
        prepare_site(plain)
        say("Serving the site; Ctrl-C ends it.")
        return call("-m", "mkdocs", "serve", env=plain)
    with ThreadPoolExecutor() as beside:
        # Packing the terminal takes as long as the tour, and each leaves a processor idle. What it
        # says, and whether it fails, shows when it is asked for again.
        beside.submit(call, "-m", "tools.site", env=plain, stdout=DEVNULL, stderr=DEVNULL)
        take_tour({**plain, "DJANGO_DATA_DIR": str(TOUR)})
    prepare_site(plain)
    say("Building the site …")
    if call("-m", "mkdocs", "build", "--strict", env=plain):
        raise StopError("The site could not be built; the lines above say why.")
    activate = r".venv\Scripts\activate" if os.name == "nt" else "source .venv/bin/activate"
    say("Everything runs. Next:")
    print(f"    {activate}")
    print("    python manage.py greet Ada 3     run a command")
    print("    pytest chapters/05               run a chapter's tests")
    print("    mkdocs serve                     read the course in your browser")
    print("    python3 start.py test            run every test")
    return 0


def make_environment():
    if PYTHON.exists() and not any(
        run_quietly([PYTHON, *test]).returncode for test in (["-c", WORKS], ["-m", "pip", "-V"])
    ):
        return
    say("Making the virtual environment .venv …")
    if VENV.is_symlink() or VENV.is_file():
        VENV.unlink()
    done = run_quietly([sys.executable, "-m", "venv", "--clear", str(VENV)])
    if done.returncode:
        helps = "on Debian and Ubuntu, `apt install python3-venv` helps. "
        raise StopError(
            "Python could not make a virtual environment; "
            f"{helps if 'ensurepip' in done.stdout + done.stderr else ''}{last_line(done)}"
        )


def install(requirements):
    """Install the file `requirements`, unless that has been done since it last changed."""
    files = [*sorted(ROOT.glob("requirements*.txt")), ROOT / "constraints.txt"]
    wanted = hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()
    stamp = VENV / f"installed-{requirements}"
    if stamp.exists() and stamp.read_text() == wanted:
        return
    say(f"Installing {requirements} …")
    options = ["--quiet", "-r", requirements, "-c", "constraints.txt"]
    done = run_quietly([PYTHON, "-m", "pip", "install", *options], **pip_settings())
    if done.returncode:
        said = (done.stdout + done.stderr).lower()
        advice = next((advice for words, advice in ADVICE if words in said), "")
        raise StopError(f"pip could not install {requirements}. {advice}{last_line(done)}")
    stamp.write_text(wanted)


def pip_settings():
    """Return pip's settings from its files and from the shell, but for those of other projects.

    With `user`, `target` or `dry-run` among them, nothing would get into .venv.
    """
    found = {}
    file = {key: value for key, value in os.environ.items() if key == "PIP_CONFIG_FILE"}
    # These two would leave lines out.
    done = run_quietly(
        [PYTHON, "-m", "pip", "config", "list"], **file, PIP_USER="0", PIP_QUIET="0"
    )
    if done.returncode:
        raise StopError(f"pip cannot read its settings. {last_line(done)}")
    # In the order of their names: `global` comes before `install`, which counts more.
    for line in done.stdout.splitlines():
        section, _, setting = line.partition(".")
        name, _, value = setting.partition("=")
        if section in ("global", "install"):
            found[name] = ast.literal_eval(value)
    for key, value in os.environ.items():
        if key.startswith("PIP_") and value:
            found[key.removeprefix("PIP_").lower().replace("_", "-")] = value
    kept = {name: value for name, value in found.items() if name in PIP_SETTINGS}
    return {
        **{f"PIP_{name.upper().replace('-', '_')}": value for name, value in kept.items()},
        "PIP_CONFIG_FILE": os.devnull,
    }


def load_shop(env):
    for arguments in (["migrate", "--verbosity", "0"], ["load_demo"]):
        if call("manage.py", *arguments, env=env):
            raise StopError(f"`python manage.py {arguments[0]}` failed; the lines above say why.")


def prepare_site(env):
    say("Preparing the site …")
    if call("-m", "tools.site", env=env):
        raise StopError("The site could not be prepared; the lines above say why.")


def take_tour(env):
    """Run the lines of every chapter's tour.txt on a demo shop of the tour's own."""
    shutil.rmtree(TOUR, ignore_errors=True)
    TOUR.mkdir(parents=True)
    say("A tour of the commands, on a demo shop of its own in var/tour/ …")
    load_shop(env)
    for line in read_tours(ROOT):
        print(f"\n$ python manage.py {line.command}", flush=True)
        code = call("manage.py", *line.arguments, env=env)
        if code != line.exit_code:
            raise StopError(
                f"{line.file.relative_to(ROOT)}: "
                f"exit code {code}, not {line.exit_code}: {line.command}"
            )
        if code:
            print(f"(exit code {code}, as it should be)")


def call(*arguments, env=None, **streams):
    env = {**(env or inherited()), "NO_MKDOCS_2_WARNING": "1"}
    return subprocess.run([PYTHON, *arguments], env=env, check=False, **streams).returncode


def inherited(*unwanted):
    """Return the shell's variables, but for those of other projects and the `unwanted` ones."""
    names = (*OTHERS, *unwanted)
    return {key: value for key, value in os.environ.items() if not key.startswith(names)}


def run_quietly(command, **variables):
    env = {**inherited(), "PYTHONIOENCODING": "utf-8", **variables}
    return subprocess.run(
        command, env=env, capture_output=True, encoding="utf-8", errors="replace", check=False
    )


def last_line(done):
    lines = (done.stdout + done.stderr).strip().splitlines()
    errors = [line for line in lines if "error" in line.lower()]
    return (errors or lines or [""])[-1]


def say(text):
    print(f"\n== {text}", flush=True)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except StopError as reason:
        sys.exit(str(reason))
    except KeyboardInterrupt:
        sys.exit(130)
    except OSError as error:
        sys.exit(f"{error.filename or 'start.py'}: {error.strerror}.")
