"""Set the course up and show that it runs. Needs Python 3.11 and nothing else.

    python3 start.py             set up, run every chapter's commands, build the site
    python3 start.py site        set up, then serve the site until Ctrl-C
    python3 start.py test [...]  set up, then run every test; the rest goes to pytest

Safe to run again: a second run installs nothing. Everything it makes is in .venv, var and site.
"""

import hashlib
import os
import platform
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
PYTHON = VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
TOUR = ROOT / "var" / "tour"
OURS = ("DATABASE_URL", "DJANGO_")


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
    plain = {key: value for key, value in os.environ.items() if not key.startswith(OURS)}
    say("Preparing the demo shop in var/ …")
    load_shop(plain)
    if mode == "test":
        say("Running the tests …")
        return call("-m", "pytest", *rest)
    if mode == "site":
        prepare_site(plain)
        say("Serving the site; Ctrl-C ends it.")
        return call("-m", "mkdocs", "serve", "--livereload", env=plain)
    take_tour({**plain, "DJANGO_DATA_DIR": str(TOUR)})
    prepare_site(plain)
    say("Building the site …")
    if call("-m", "mkdocs", "build", "--strict", "--quiet", env=plain):
        raise StopError("The site could not be built; the lines above say why.")
    activate = r".venv\Scripts\activate" if os.name == "nt" else "source .venv/bin/activate"
    say("Everything runs. Next:")
    print(f"    {activate}")
    print("    python manage.py greet Ada 3     run a command")
    print("    pytest chapters/05               run a chapter's tests")
    print("    python3 start.py site            read the course in your browser")
    print("    python3 start.py test            run every test")
    return 0


def make_environment():
    if PYTHON.exists() and subprocess.run([PYTHON, "-c", ""], check=False).returncode == 0:
        return
    say("Making the virtual environment .venv …")
    done = run_quietly([sys.executable, "-m", "venv", "--clear", str(VENV)])
    if done.returncode:
        raise StopError(
            "Python could not make a virtual environment; on Debian and Ubuntu, "
            f"`apt install python3-venv` helps. {last_line(done)}"
        )


def install(requirements):
    """Install the file `requirements`, unless that has been done since it last changed."""
    files = sorted(ROOT.glob("requirements*.txt"))
    wanted = hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()
    stamp = VENV / f"installed-{requirements}"
    if stamp.exists() and stamp.read_text() == wanted:
        return
    say(f"Installing {requirements} …")
    done = run_quietly([PYTHON, "-m", "pip", "install", "--quiet", "-r", requirements])
    if done.returncode:
        raise StopError(
            f"pip could not install {requirements}. Check the network and the free disk space, "
            f"then run this again. {last_line(done)}"
        )
    stamp.write_text(wanted)


def load_shop(env):
    for arguments in (["migrate", "--verbosity", "0"], ["load_demo"]):
        if call("manage.py", *arguments, env=env):
            raise StopError(f"`python manage.py {arguments[0]}` failed; the lines above say why.")


def prepare_site(env):
    say("Preparing the site …")
    if call("manage.py", "prepare_site", env=env):
        raise StopError("The site could not be prepared; the lines above say why.")


def take_tour(env):
    """Run the lines of every chapter's tour.txt on a demo shop of the tour's own."""
    shutil.rmtree(TOUR, ignore_errors=True)
    TOUR.mkdir(parents=True)
    say("A tour of the commands, on a demo shop of its own in var/tour/ …")
    load_shop(env)
    for tour in sorted(ROOT.glob("chapters/[0-9][0-9]/tour.txt")):
        for line in tour.read_text(encoding="utf-8").splitlines():
            command, _, note = line.partition("  # exit ")
            expected = int(note or 0)
            print(f"\n$ python manage.py {command}", flush=True)
            code = call("manage.py", *shlex.split(command), env=env)
            if code != expected:
                raise StopError(
                    f"{tour.relative_to(ROOT)}: exit code {code}, not {expected}: {command}"
                )
            if code:
                print(f"(exit code {code}, as it should be)")


def call(*arguments, env=None):
    env = {**(env or os.environ), "NO_MKDOCS_2_WARNING": "1"}
    return subprocess.run([PYTHON, *arguments], env=env, check=False).returncode


def run_quietly(command):
    return subprocess.run(command, capture_output=True, text=True, check=False)


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
