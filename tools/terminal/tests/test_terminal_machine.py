"""The terminal's machine, with the real Python: nothing leaks, and whatever fails says so."""

import gzip
import json
import os
import shutil
import struct

import pytest

from tools.conftest import WAIT
from tools.site.packing import current_build, write_pack
from tools.site.tests.policy import policy
from tools.site.tests.serving import serve

pytestmark = pytest.mark.browser

HELLO = "python manage.py hello"
HELLO_SAYS = "Hello from Django!\n"
LOCALLY = "run this on your own machine, as the page «Set up» says"
STOPPED = "Stopped. What it had not yet written to disk is lost."
UPDATED = "The course has been updated. Reload this page to run its commands."
PATIENCE = 1.4  # seconds: what does not react is not ended sooner
NEXT = "f" * 16  # another build of the course

# A page without anything but the machine, and what it says.
OPEN = """async (build) => {
  const { machine } = await import(`/assets/terminal/${build}/machine/machine.mjs`);
  const notices = [];
  machine.addEventListener("notice", ({ text }) => notices.push(text));
  Object.assign(window, { machine, notices });
}"""
# Run a line. `stop`: press Ctrl-C when this was written; or "?", when something is asked.
EXEC = """async ({ line, stop, again, answers, options }) => {
  const decoder = new TextDecoder();
  const before = notices.length;
  let output = "";
  let pressed;
  const press = () => {
    if (pressed) return;
    pressed = performance.now();
    machine.interrupt();
    if (again) setTimeout(() => machine.interrupt(), again);
  };
  const show = ({ data }) => {
    output += decoder.decode(data, { stream: true });
    if (stop && output.includes(stop)) press();
  };
  const asked = [];
  const answer = ({ secret }) => {
    asked.push(secret);
    if (stop === "?") return setTimeout(press, 100);
    setTimeout(() => machine.input(answers.length ? answers.shift() : null));
  };
  machine.addEventListener("output", show);
  machine.addEventListener("ask", answer);
  const late = new Promise((_, reject) => {
    setTimeout(() => reject(new Error(`${line}: ${machine.state}: ${output}`)), 40_000);
  });
  const begin = performance.now();
  try {
    const { code, note = "" } = await Promise.race([machine.exec(line, options), late]);
    const end = performance.now();
    const seconds = (end - (pressed ?? begin)) / 1000;
    return { code, note, output, asked, seconds, notices: notices.slice(before) };
  } finally {
    machine.removeEventListener("output", show);
    machine.removeEventListener("ask", answer);
  }
}"""
FORBID_DATABASE = """
indexedDB.open = () => { throw new DOMException("The operation is insecure.", "SecurityError"); };
"""
FULL_DATABASE = """
IDBObjectStore.prototype.put = () => { throw new DOMException("full", "QuotaExceededError"); };
"""
FORBID_CACHE = """
const forbidden = () => Promise.reject(new DOMException("insecure", "SecurityError"));
if (window.caches) caches.open = forbidden;
"""
WITHOUT_JSPI = "delete WebAssembly.Suspending;"


class Run:
    """What became of a line."""

    def __init__(self, outcome):
        vars(self).update(outcome)

    def __repr__(self):
        return f"Run({vars(self)})"


class Tab:
    """A tab with a machine."""

    def __init__(self, context, address, build):
        self.address = address
        self.build = build
        self.page = context.new_page()
        self.page.goto(address)
        self.page.evaluate(OPEN, build)

    def reload(self):
        self.page.reload()
        self.page.evaluate(OPEN, self.build)

    def start(self):
        self.page.evaluate("machine.start()")
        return self

    def run(self, line, stop=None, again=0, answers=(), **options):
        order = {"line": line, "stop": stop, "again": again, "answers": [*answers]}
        return Run(self.page.evaluate(EXEC, {**order, "options": options}))

    def python(self, text, *arguments, **options):
        """Run a program; it must hold no double quotes."""
        assert '"' not in text
        return self.run(" ".join([f'python -c "{text}"', *arguments]), **options)

    def says(self, text):
        """Run a program that succeeds; return what it writes."""
        done = self.python(text)
        assert (done.code, done.note) == (0, ""), done
        return done.output.strip()

    def works(self):
        done = self.run(HELLO)
        return (done.code, done.output) == (0, HELLO_SAYS)

    def keep_memory(self):
        """Wait until the memory of the started Python is stored."""
        assert self.works()
        self.page.evaluate(
            """async () => {
              for (let turn = 0; turn < 2400; turn++) {
                for (const name of await caches.keys()) {
                  const kept = await (await caches.open(name)).keys();
                  if (kept.some(({ url }) => url.endsWith("/memory"))) return;
                }
                await new Promise((resolve) => setTimeout(resolve, 50));
              }
              throw new Error("the memory was not stored");
            }"""
        )

    @property
    def state(self):
        return self.page.evaluate("machine.state")

    @property
    def notices(self):
        return self.page.evaluate("notices")

    @property
    def from_memory(self):
        """Tell of each start of Python so far whether it was from a stored memory."""
        return self.page.evaluate(
            "performance.getEntriesByType('measure').map(({ detail }) => detail.fromMemory)"
        )


@pytest.fixture(scope="module")
def folder(site, tmp_path_factory):
    """An empty page, and the terminal's files beside it."""
    build = current_build(site / "assets/terminal")
    if not build:
        pytest.skip("the site has no terminal: it needs Node.js and npm's packages")
    folder = tmp_path_factory.mktemp("machine")
    (folder / "index.html").write_text('<!doctype html><link rel="icon" href="data:,">')
    (folder / "404.html").write_text("<!doctype html>")
    shutil.copytree(site / "assets/terminal", folder / "assets/terminal", copy_function=os.link)
    return folder


@pytest.fixture(scope="module")
def build(folder):
    return current_build(folder / "assets/terminal")


@pytest.fixture(scope="module")
def origin(folder):
    with serve(folder, policy(folder)) as address:
        yield address


@pytest.fixture
def contexts(chromium, origin):
    """Make contexts: browsers with a storage of their own. No page has an error of its own."""
    made, problems = [], []

    def make(script="", **options):
        context = chromium.new_context(**options)
        context.set_default_timeout(WAIT)
        made.append(context)
        if script:
            context.add_init_script(script)
        context.on("weberror", lambda error: problems.append(str(error.error)))
        context.on("request", lambda one: one.url.startswith(origin) or problems.append(one.url))
        return context

    yield make
    for context in made:
        context.close()
    assert not problems


@pytest.fixture
def open_tab(contexts, origin, build):
    """Open a tab with an empty storage."""
    return lambda script="", **options: Tab(contexts(script, **options), origin, build)


@pytest.fixture(
    scope="module", params=["chromium", pytest.param("firefox", marks=pytest.mark.full)]
)
def shared(request, origin, build):
    """A tab that many tests use: what one of them leaves behind, another one finds."""
    context = request.getfixturevalue(request.param).new_context()
    yield Tab(context, origin, build).start()
    context.close()


# --- A process leaves nothing in the memory ---


@pytest.mark.parametrize(
    ("change", "look"),
    [
        ("import os; os.environ['LEFT'] = '1'", "import os; print('LEFT' in os.environ)"),
        ("import os; os.chdir('/tmp')", "import os; print(os.getcwd())"),
        ("import colorsys", "import sys; print('colorsys' in sys.modules)"),
        ("import sys; sys.path.insert(0, '/tmp')", "import sys; print('/tmp' in sys.path)"),
        (
            "import builtins; builtins.left = 1",
            "import builtins; print(hasattr(builtins, 'left'))",
        ),
        (
            "import signal; signal.signal(2, signal.SIG_IGN)",
            "import signal; print(signal.getsignal(2) is signal.default_int_handler)",
        ),
        (
            "from django.conf import settings; settings.configure(DEBUG=True)",
            "from django.conf import settings; print(settings.configured)",
        ),
        (
            "import tqdm; tqdm.tqdm.left = 1; tqdm.tqdm.write = None",
            "import tqdm; print(hasattr(tqdm.tqdm, 'left'), tqdm.tqdm.write)",
        ),
        (
            "import decimal; decimal.getcontext().prec = 3",
            "import decimal; print(decimal.getcontext().prec)",
        ),
        (
            "import sys; sys.setrecursionlimit(77)",
            "import sys; print(sys.getrecursionlimit())",
        ),
        (
            "import os; [os.open('/tmp/left-open', os.O_CREAT) for _ in range(9)]",
            "import os; print(os.open('/tmp/other', os.O_CREAT))",
        ),
        ("import sys; sys.stdin.close(); sys.stdout.close()", "print(1)"),
        ("import os; os.close(0); os.close(1)", "print(1)"),
        ("import sys; sys.stdout = sys.stderr = None", "print(1)"),
        ("import time; time.sleep = time.time = None", "import time; time.sleep(0); print(1)"),
    ],
    ids=lambda code: code.split(";")[0].removeprefix("import ").split()[0],
)
def test_a_process_finds_nothing_that_the_last_one_has_changed(shared, change, look):
    before = shared.says(look)
    shared.python(change)
    assert shared.says(look).split(" at ")[0] == before.split(" at ")[0]


@pytest.mark.full
def test_each_process_draws_its_own_random_numbers(shared):
    draw = "import random; print(random.random())"
    assert shared.says(draw) != shared.says(draw)


MIXED = [
    HELLO,
    "python manage.py migrate -v 0",
    "python manage.py import_products missing.csv",
    "python manage.py check_health",
    "python manage.py nonsense",
    "python -c 'import decimal, json, html.parser; 1 / 0'",
    "python manage.py greet Ada 3 | head -1",
    "python -c 'import tempfile; tempfile.TemporaryFile().write(bytes(9000000))'",
    "pytest -q chapters/01",
    "python -c 'print(5, flush=True)\nwhile True: pass'",
]


@pytest.mark.full
@pytest.mark.parametrize("rounds", [2, pytest.param(8, marks=pytest.mark.full)])
def test_many_commands_leave_no_memory_no_files_and_no_settings_behind(shared, rounds):
    look = "import os; print(sum(len(one[2]) for one in os.walk('/') if one[0][:5] != '/proc'))"

    def once():
        stops = ["5\n" if "while" in line else None for line in MIXED]
        runs = [shared.run(line, stop=stop) for line, stop in zip(MIXED, stops, strict=True)]
        codes.extend(run.code for run in runs)

    codes, starts = [], len(shared.from_memory)
    # Memory that has grown for a process does not shrink, and fits whatever comes from the second
    # round on.
    for _ in range(2):
        once()
    first, files = shared.page.evaluate("machine.usage()"), shared.says(look)
    for _ in range(rounds):
        once()
    assert codes == codes[:10] * (2 + rounds)
    assert codes[:10] == [0, 0, 1, 0, 1, 1, 0, 0, 0, 130]
    assert shared.page.evaluate("machine.usage()") == first
    assert shared.says(look) == files
    assert all(shared.from_memory[starts:])  # and none of them has started Python anew


def test_files_stay_from_one_command_to_the_next(shared):
    assert shared.says("print(open('note.txt', 'w').write('kept'))") == "4"
    assert shared.run("cat note.txt").output == "kept"
    assert shared.says("import os; os.remove('note.txt'); print(os.path.exists('note.txt'))") == (
        "False"
    )
    assert shared.run("cat note.txt").code == 1


# --- Timers ---

TIMER = """import signal, time
signal.signal(signal.SIGVTALRM, lambda *_: print('rung'))
end = time.monotonic() + 0.4
{}
while time.monotonic() < end: pass
"""
RING = "signal.setitimer(signal.ITIMER_VIRTUAL, 0.1)"


def test_a_timer_interrupts_what_computes_once(shared):
    assert shared.says(TIMER.format(RING)) == "rung"


def test_a_timer_that_is_taken_back_or_whose_process_has_ended_does_not_ring(shared):
    assert shared.says(TIMER.format(f"{RING}; {RING.replace('0.1', '0')}")) == ""
    shared.says(f"import signal; {RING}")
    assert shared.says(TIMER.format("")) == ""


def test_an_endless_exercise_ends_with_the_verdict_that_says_so(shared):
    shared.run("python manage.py course start 06.1")
    target = "practice/management/commands/pack_orders.py"
    shared.run(f"echo 'while True: pass' > {target}")
    done = shared.run("python manage.py course check 06.1")
    assert done.code == 1
    assert "It was still running after 2 s of work." in done.output
    shared.run("rm -r practice")


# --- Exercises ---

PROGRESS = "practice/progress.toml"


def test_what_the_learner_has_done_is_told_by_chapter_and_key(open_tab):
    tab = open_tab().start()
    about = "machine.exercises().then((all) => all['05'].check_emails)"
    assert tab.page.evaluate(about) == {"solved": False, "last": ""}
    tab.run(f"mkdir practice; echo '[check_emails]\nsolved = true\nlast = \"y n\"' > {PROGRESS}")
    assert tab.page.evaluate(about) == {"solved": True, "last": "y n"}
    tab.run(f"echo '[' > {PROGRESS}")
    assert tab.page.evaluate(f"{about}.catch(() => 'unknown')") == "unknown"
    tab.page.evaluate("machine.reset()")
    assert tab.page.evaluate(about) == {"solved": False, "last": ""}


# --- pytest's database ---

TEST_DATABASE = """
import hashlib, os, re, sys, django
os.environ['DJANGO_SETTINGS_MODULE'] = 'shared_project.settings'
sys.path.insert(0, '')
django.setup()
from django.db import connection
from django.db.models.signals import post_migrate
from django.test.utils import setup_databases
"""
SET_UP = "setup_databases(verbosity=0, interactive=False)\n"
# Applied at, which is not the same twice.
DUMP = """
moment = r'\\x27\\d{4}-\\d\\d-\\d\\d \\d\\d:.*?\\x27'
whole = re.sub(moment, '', '\\n'.join(connection.connection.iterdump()))
print(hashlib.sha256(whole.encode()).hexdigest())
"""
MIGRATION = "shared_project/shop/migrations/0001_initial.py"


def test_pytests_database_is_the_one_that_the_migrations_make(shared):
    # Who wants to read what is migrated has it migrated.
    aloud = SET_UP.replace("0", "2")
    says = [shared.says(TEST_DATABASE + way + DUMP).split() for way in (SET_UP, aloud)]
    assert len(says[0]) < len(says[1])
    assert says[0][-1] == says[1][-1]


@pytest.mark.full
def test_pytests_database_is_made_anew_when_a_migration_was_edited(shared):
    count = "print(len(connection.introspection.table_names()))"
    before = int(shared.says(TEST_DATABASE + SET_UP + count))
    original = shared.page.evaluate("(path) => machine.original(path)", MIGRATION)
    more = "\n    operations.append(migrations.RunSQL('CREATE TABLE more (id int)'))\n"
    edit = "([path, text]) => machine.write(path, text)"
    try:
        shared.page.evaluate(edit, [MIGRATION, original.rstrip() + more])
        for _ in range(2):
            assert int(shared.says(TEST_DATABASE + SET_UP + count)) == before + 1
    finally:
        shared.page.evaluate(edit, [MIGRATION, None])
    assert int(shared.says(TEST_DATABASE + SET_UP + count)) == before


@pytest.mark.full
def test_a_receiver_of_the_learners_hears_of_each_migration(shared):
    connect = "post_migrate.connect(lambda sender, **_: print(sender.name), weak=False)\n"
    for _ in range(2):
        assert "shared_project.shop" in shared.says(TEST_DATABASE + connect + SET_UP).split("\n")


@pytest.mark.full
def test_questions_and_lines_at_once_are_answered_one_after_the_other(shared):
    answers = shared.page.evaluate(
        """async (hello) => {
          const [one, first, found, second, other] = await Promise.all([
            machine.tables(),
            machine.exec(hello),
            machine.complete(hello, hello.length),
            machine.exec(hello),
            machine.tables(),
          ]);
          return [one.length === other.length, first.code, found.candidates, second.code];
        }""",
        "python manage.py hel",
    )
    assert answers == [True, 1, ["hello"], 1]


# --- Ends ---


def test_os_exit_gives_its_code_and_what_was_written_stays(shared):
    done = shared.python("import os; open('kept.txt', 'w').write('x'); os._exit(3)")
    assert (done.code, done.output, done.note) == (3, "", "")
    assert shared.run("cat kept.txt; rm kept.txt").output == "x"


@pytest.mark.parametrize("loop", ["while True: pass", "while 1: x=1", "for _ in iter(int, 1): 0"])
def test_ctrl_c_ends_an_endless_loop_before_its_worker_is_ended(shared, loop):
    done = shared.python(f"print('go', flush=True)\n{loop}", stop="go")
    assert (done.code, done.note) == (130, "")
    assert "KeyboardInterrupt" in done.output
    assert shared.works()


@pytest.mark.full
def test_ctrl_c_ends_a_sleep(shared):
    done = shared.python("import time; print('go', flush=True); time.sleep(60)", stop="go")
    assert (done.code, done.note) == (130, "")


@pytest.mark.full
def test_what_ignores_ctrl_c_is_ended_and_the_shell_stays_where_it_was(shared):
    shared.run("cd chapters/05 && export LEFT=7")
    done = shared.python("print('go', flush=True); sum(range(10**12))", stop="go")
    assert (done.code, done.note) == (130, STOPPED)
    assert done.seconds > PATIENCE
    assert shared.run("echo $? $LEFT && pwd").output == "130 7\n/course/chapters/05\n"
    shared.run("cd")
    assert shared.works()


@pytest.mark.full
def test_what_was_on_the_disk_stays_when_the_worker_is_ended(shared):
    done = shared.python(
        "import time; open('kept.txt', 'w').write('x'); time.sleep(1.2)\n"
        "print('go', flush=True); sum(range(10**12))",
        stop="go",
    )
    assert done.note == STOPPED
    assert shared.run("cat kept.txt; rm kept.txt").output == "x"


@pytest.mark.full
def test_a_program_that_has_caught_ctrl_c_may_take_its_time(shared):
    done = shared.python(
        "import time\ntry: print('go', flush=True); time.sleep(60)\n"
        "except KeyboardInterrupt: time.sleep(1.8); print('cleaned up')",
        stop="go",
    )
    assert (done.code, done.output, done.note) == (0, "go\ncleaned up\n", "")


@pytest.mark.full
def test_a_second_ctrl_c_ends_a_program_that_swallows_them(shared):
    swallow = "while True:\n try:\n  print('go', flush=True)\n  while True: pass\n except: pass"
    done = shared.python(swallow, stop="go", again=300)
    assert (done.code, done.note) == (130, STOPPED)
    assert shared.works()


def test_one_ctrl_c_does_not_reach_the_next_line(shared):
    shared.python("input()", stop="?")
    done = shared.python("import time; time.sleep(0.5)\nfor _ in range(10**6): 0")
    assert (done.code, done.output) == (0, "")


@pytest.mark.full
def test_ctrl_c_at_the_prompt_of_python_gives_the_next_prompt(shared):
    outcome = shared.page.evaluate(
        """async () => {
          let asked = 0;
          const act = () => {
            asked += 1;
            if (asked === 1) machine.interrupt();
            if (asked === 2) setTimeout(() => machine.input(null), 1800);
          };
          machine.addEventListener("ask", act);
          const { code, note = "" } = await machine.exec("python");
          machine.removeEventListener("ask", act);
          return [code, note, asked];
        }"""
    )
    assert outcome == [0, "", 2]


@pytest.mark.full
def test_half_a_gigabyte_is_allocated_and_given_back(shared):
    done = shared.python("print(len(b'x' * 500_000_000))")
    assert (done.code, done.output) == (0, "500000000\n")
    assert shared.works()
    assert shared.page.evaluate("machine.usage()")["memory"] < 200e6


@pytest.mark.full
def test_more_memory_than_there_can_be_ends_in_a_memory_error(shared):
    done = shared.python("[None] * 2**30")
    assert done.code == 1
    assert "MemoryError" in done.output


@pytest.mark.full
def test_endless_recursion_ends_in_a_recursion_error(shared):
    done = shared.python("def f(): f()\nf()")
    assert done.code == 1
    assert "RecursionError" in done.output


@pytest.mark.full
def test_json_that_is_nested_too_deeply_ends_in_a_recursion_error(shared):
    done = shared.python("import json; json.loads('[' * 100_000)")
    assert done.code == 1
    assert "RecursionError" in done.output


@pytest.mark.full
def test_recursion_in_c_ends_python_says_so_and_the_next_command_works(shared):
    done = shared.python("x = []\nfor _ in range(100_000): x = [x]\nrepr(x)")
    assert done.code in (1, 134)
    assert "Python has crashed: it went deeper" in done.output or "RecursionError" in done.output
    assert shared.works()


def test_a_reader_that_left_ends_a_command_quietly_with_141(shared):
    lines = (
        "import runpy, sys; sys.argv = ['manage.py', 'greet', 'Ada', '9']",
        "try: runpy.run_path('manage.py', run_name='__main__')",
        "except SystemExit as stop: open('code.txt', 'w').write(str(stop.code))",
    )
    done = shared.python("\n".join(lines), "| head -1")
    assert (done.code, done.output.count("\n")) == (0, 1)
    assert shared.run("cat code.txt; rm code.txt").output == "141"


@pytest.mark.full
def test_links_and_locked_files_do_no_harm(shared):
    link = "import os; os.symlink('nowhere', 'link'); open('locked', 'w'); os.chmod('locked', 0)"
    assert shared.python(link).code == 0
    assert shared.run("rm -f link locked").code == 0


# --- What a browser cannot do ---


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("python manage.py runserver", "A browser cannot start another process"),
        ("python manage.py runserver --noreload", "A browser cannot open a connection"),
        ("python manage.py dbshell", "A browser cannot start another process"),
        ("python -c 'import subprocess; subprocess.run([])'", "A browser cannot start another"),
        ("python -c 'import os; os.system(str(1))'", "A browser cannot start another process"),
        (
            "python -c 'import multiprocessing.process as m; m.BaseProcess().start()'",
            "A browser cannot start another process",
        ),
        (
            "python -c 'import asyncio; asyncio.run(asyncio.create_subprocess_exec(str(1)))'",
            "A browser cannot start another process",
        ),
        (
            "python -c 'import socket; socket.create_connection((str(1), 80))'",
            "A browser cannot open a connection of its own",
        ),
        (
            "python -c 'import threading; threading.Thread(target=print).start()'",
            "A browser runs Python in one thread",
        ),
    ],
)
def test_what_a_browser_cannot_do_says_so_and_names_the_local_way(shared, line, reason):
    done = shared.run(line)
    assert done.code == 1
    assert reason in done.output
    assert LOCALLY in done.output


# --- The demo shop ---


@pytest.mark.full
def test_the_dates_of_the_demo_shop_are_counted_back_from_now(shared):
    shared.page.evaluate("machine.reset()")
    loaded = shared.run("python manage.py load_demo", terminal=False)
    assert loaded.output == "The demo shop is loaded already; nothing has changed.\n"
    found = shared.run("python manage.py cleanup_old_data --dry-run", terminal=False).output
    assert "Audit logs: 260 to delete" in found
    assert "Sessions: 51 to delete, and 26 cart items with them" in found


# --- Storage ---


def test_files_and_the_database_stay_over_a_reload(open_tab):
    tab = open_tab().start()
    tab.run("echo edited > README.md && rm pyproject.toml")
    tab.python("import sqlite3; sqlite3.connect('var/db.sqlite3').execute('create table kept(x)')")
    tab.reload()
    assert tab.run("cat README.md").output == "edited\n"
    assert tab.run("ls pyproject.toml").code != 0
    look = "import sqlite3; sqlite3.connect('var/db.sqlite3').execute('select * from kept')"
    assert tab.python(look).code == 0
    assert tab.page.evaluate("machine.changes().then((all) => [...all.keys()])") == [
        "README.md",
        "pyproject.toml",
    ]
    tab.page.evaluate("machine.reset()")
    assert tab.page.evaluate("machine.changes().then((all) => all.size)") == 0
    assert tab.python(look).code == 1


@pytest.mark.full
def test_what_a_command_has_written_stays_when_the_page_goes(open_tab):
    tab = open_tab().start()
    tab.page.evaluate(
        """(line) => new Promise((resolve) => {
          machine.addEventListener("files", resolve);
          machine.exec(line);
        })""",
        "python -c \"open('kept.txt', 'w').write('x')\nwhile True: pass\"",
    )
    tab.page.wait_for_timeout(300)
    tab.reload()
    assert tab.run("cat kept.txt").output == "x"


@pytest.mark.full
def test_an_edit_while_a_line_runs_comes_after_it(open_tab):
    tab = open_tab().start()
    tab.page.evaluate(
        """async () => {
          const done = machine.exec("sleep 1; echo command > note.txt");
          await machine.write("note.txt", "page");
          await done;
        }"""
    )
    assert tab.run("cat note.txt").output == "page"
    assert tab.page.evaluate("machine.current('note.txt')") == "page"


SPOIL = """async (how) => {
  for (const name of await caches.keys()) {
    const cache = await caches.open(name);
    const key = (await cache.keys()).find(({ url }) => url.endsWith("/memory"));
    const found = key && (await cache.match(key));
    if (!found) continue;
    const { headers } = found;
    const bytes = new Uint8Array(await found.arrayBuffer());
    if (how === "flipped") bytes[bytes.length >> 1] ^= 1;
    const rest = how === "cut" ? bytes.slice(0, bytes.length >> 1) : bytes;
    if (how === "empty") return cache.put(key, new Response("", { headers }));
    return cache.put(key, new Response(rest, { headers }));
  }
  throw new Error("there is no memory to spoil");
}"""
FAKE = """async () => {
  for (const name of await caches.keys()) {
    const cache = await caches.open(name);
    const key = (await cache.keys()).find(({ url }) => url.endsWith("/memory"));
    if (!key) continue;
    const headers = { "x-checksum": "3" }; // of three bytes: see disk.mjs
    await cache.put(key, new Response(new Uint8Array(3), { headers }));
  }
}"""


@pytest.mark.full
def test_a_stored_memory_starts_python_and_a_spoiled_one_is_not_used(open_tab):
    tab = open_tab().start()
    tab.keep_memory()
    tab.reload()
    assert tab.works()
    assert tab.from_memory == [True]
    for how in ("flipped", "cut", "empty"):
        tab.page.evaluate(SPOIL, how)
        tab.reload()
        assert tab.works()
        assert tab.from_memory == [False], how
        tab.keep_memory()
    # Its sum is right, and no Python can begin with it.
    tab.page.evaluate(FAKE)
    tab.reload()
    assert tab.works()
    assert tab.from_memory == [False]


@pytest.mark.full
def test_the_memory_is_stored_though_the_next_line_comes_at_once(open_tab):
    tab = open_tab().start()
    assert tab.works()
    tab.run("sleep 1")
    tab.keep_memory()
    tab.reload()
    assert tab.works()
    assert tab.from_memory == [True]


@pytest.mark.full
def test_without_a_database_all_works_and_it_says_that_nothing_stays(open_tab):
    tab = open_tab(FORBID_DATABASE).start()
    (notice,) = tab.notices
    assert notice.startswith("Your browser keeps nothing for this site. What you change lasts")
    tab.run("echo kept > note.txt")
    tab.python("import os; os._exit(1)")
    assert tab.run("cat note.txt").output == "kept\n"
    assert len(tab.notices) == 1


@pytest.mark.full
def test_a_full_storage_is_said_once_and_all_goes_on(open_tab):
    tab = open_tab(FULL_DATABASE).start()
    for name in "abc":
        assert tab.run(f"echo kept > {name}").code == 0
    assert tab.notices == [
        "The browser has no room for a change. What you change lasts until you leave this page."
    ]
    tab.python("import os; os._exit(1)")
    assert tab.run("cat a b c").output == "kept\n" * 3


@pytest.mark.full
def test_without_a_cache_python_starts_anew_each_time(open_tab):
    tab = open_tab(FORBID_CACHE).start()
    assert tab.works()
    tab.python("import os; os._exit(1)")
    assert tab.works()
    assert tab.notices == []


# --- Tabs, networks, builds ---


@pytest.mark.full
def test_one_tab_at_a_time_uses_the_terminal(contexts, origin, build):
    context = contexts()
    first = Tab(context, origin, build).start()
    first.run("echo first > note.txt")
    second = Tab(context, origin, build)
    refused = second.page.evaluate("machine.start().catch(({ message }) => message)")
    assert (refused, second.state) == ("The terminal is open in another tab.", "elsewhere")
    running = first.page.evaluate_handle("({ line: machine.exec('sleep 60') })")
    second.page.evaluate("machine.takeOver()")
    assert second.run("cat note.txt && echo second > note.txt").output == "first\n"
    assert first.state == "elsewhere"
    assert running.evaluate("({ line }) => line") == {
        "code": 130,
        "note": "The terminal goes on in another tab.",
    }
    first.page.evaluate("machine.takeOver()")
    assert first.run("cat note.txt").output == "second\n"
    assert second.state == "elsewhere"


@pytest.mark.full
def test_offline_after_the_first_load_commands_ends_and_starts_go_on(open_tab):
    tab = open_tab().start()
    assert tab.run("pytest -q chapters/01").code == 0
    tab.page.context.set_offline(True)
    assert tab.works()
    assert tab.python("import os; os._exit(3)").code == 3
    assert tab.works()
    assert tab.run("pytest -q chapters/01").code == 0
    assert tab.python("print('go', flush=True); sum(range(10**12))", stop="go").note == STOPPED
    assert tab.works()


@pytest.mark.full
def test_offline_what_was_not_fetched_says_so(open_tab):
    tab = open_tab().start()
    assert tab.works()
    tab.page.context.set_offline(True)
    done = tab.run("pytest chapters/01")
    assert (done.code, done.note) == (1, "")
    assert done.output == "pytest: A part of the terminal cannot be fetched. Are you offline?\n"
    tab.page.context.set_offline(False)
    assert tab.run("pytest -q chapters/01").code == 0


@pytest.fixture
def next_build(folder, build):
    """A later build of the course, in which `README.md` and the shop's tables differ."""
    builds = folder / "assets/terminal"
    later = builds / NEXT
    shutil.copytree(builds / build, later, copy_function=os.link)
    pack = later / "course.pack.gz"
    whole = gzip.decompress(pack.read_bytes())
    pack.unlink()
    (size,) = struct.unpack("<I", whole[:4])
    start, files = 4 + size, {}
    for path, length in json.loads(whole[4:start]):
        files[path] = whole[start : start + length]
        start += length
    write_pack(pack, {**files, "README.md": b"Another text.\n"})
    manifest = json.loads((later / "manifest.json").read_text())
    (later / "manifest.json").unlink()
    # Its clock is ahead of the reader's.
    late = {"tables": "another", "built": manifest["built"] + 3600 * 48}
    (later / "manifest.json").write_text(json.dumps(late))
    yield NEXT
    shutil.rmtree(later)


@pytest.mark.full
def test_a_changed_course_keeps_edits_and_says_so(contexts, origin, build, next_build):
    context = contexts()
    old = Tab(context, origin, build).start()
    old.run("echo edited > README.md && echo mine > mine.txt && rm pyproject.toml")
    old.python("import sqlite3; sqlite3.connect('var/db.sqlite3').execute('create table kept(x)')")
    old.page.close()
    new = Tab(context, origin, next_build).start()
    assert sorted(new.notices) == [
        "README.md has changed in the course since you edited it. Your edit is kept.",
        "The demo shop's tables have changed, so its database starts afresh.",
    ]
    assert new.run("cat README.md mine.txt").output == "edited\nmine\n"
    assert new.run("ls pyproject.toml").code != 0
    look = "import sqlite3; sqlite3.connect('var/db.sqlite3').execute('select * from kept')"
    assert "no such table" in new.python(look).output
    new.reload()
    assert new.works()
    assert new.notices == []


@pytest.mark.full
def test_a_clock_behind_the_builds_leaves_the_demo_shop_whole(contexts, origin, next_build):
    tab = Tab(contexts(), origin, next_build).start()
    count = "select count(*) from shop_order where created_at is null"
    look = f"import sqlite3; print(*sqlite3.connect('var/db.sqlite3').execute('{count}'))"
    assert tab.says(look) == "(0,)"


@pytest.mark.full
def test_nothing_of_an_old_build_is_left_beside_a_new_one(contexts, origin, build, next_build):
    context = contexts()
    old = Tab(context, origin, build).start()
    old.keep_memory()
    new = Tab(context, origin, next_build)
    asked = []
    context.on("request", lambda request: asked.append(request.url))
    new.page.evaluate("machine.takeOver()")
    assert new.works()
    assert new.from_memory == [False]
    assert asked
    assert not [url for url in asked if build in url]
    # A page of the old build that is still open may do this at any time.
    old.page.evaluate(
        "(folder) => navigator.serviceWorker.register(`${folder}sw.js`, { scope: folder }).then()",
        f"/assets/terminal/{build}/",
    )
    old.page.close()
    new.reload()
    assert new.works()
    names = new.page.evaluate("caches.keys()")
    scopes = new.page.evaluate(
        "navigator.serviceWorker.getRegistrations().then((all) => all.map(({ scope }) => scope))"
    )
    assert [name for name in [*names, *scopes] if build in name] == []
    assert [name for name in scopes if next_build in name]


@pytest.mark.full
def test_a_tab_whose_build_is_gone_asks_for_a_reload(contexts, origin, next_build, folder):
    tab = Tab(contexts(), origin, next_build)  # it has the page's modules, and nothing else
    later = folder / "assets/terminal" / next_build
    later.rename(folder / "away")
    try:
        message = tab.page.evaluate("machine.start().catch(({ message }) => message)")
        assert message == UPDATED
        assert tab.state == "failed"
    finally:
        (folder / "away").rename(later)


# --- Browsers that have less ---


def test_without_jspi_prompts_are_answered_and_stopped_through_the_service_worker(open_tab):
    tab = open_tab(WITHOUT_JSPI).start()
    done = tab.python("print(input('Name: '), input())", answers=["Ada\n", "Grace\n"])
    assert (done.code, done.output) == (0, "Name: Ada Grace\n")
    done = tab.python("import getpass; print(getpass.getpass())", answers=["secret\n"])
    assert (done.output, done.asked) == ("Password: secret\n", [True])
    assert "EOFError" in tab.python("input()").output
    done = tab.python("input()", stop="?")
    assert (done.code, done.note) == (130, "")
    done = tab.python("print('go', flush=True)\nwhile True: pass", stop="go")
    assert (done.code, done.note) == (130, "")
    assert tab.works()
    done = tab.python("import time; print('go', flush=True); time.sleep(60)", stop="go")
    assert done.code == 130
    assert tab.works()


@pytest.mark.full
def test_without_a_service_worker_prompts_work_and_loops_are_ended(open_tab):
    tab = open_tab(service_workers="block").start()
    done = tab.python("print(input())", answers=["Ada\n"])
    assert (done.code, done.output) == (0, "Ada\n")
    done = tab.python("print('go', flush=True)\nwhile True: pass", stop="go")
    assert (done.code, done.note) == (130, STOPPED)
    assert tab.works()
