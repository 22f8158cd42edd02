import runpy
from urllib.parse import quote

import pytest
from django import VERSION
from django.core.exceptions import ImproperlyConfigured

from shared_project.chapters import ROOT
from shared_project.toolkit.sqlite import PatientConnection

KEY = "k3y-" * 5 + "abcdefghijklmnopqrstuvwxyz0123456789"


@pytest.fixture
def load(monkeypatch):
    """Return a function that reads the settings under the given environment."""

    def load(**env):
        for name in (
            "DATABASE_URL",
            "DJANGO_DEBUG",
            "DJANGO_SECRET_KEY",
            "DJANGO_DATA_DIR",
            "DJANGO_ALLOWED_HOSTS",
        ):
            monkeypatch.delenv(name, raising=False)
        for name, value in env.items():
            monkeypatch.setenv(name, value)
        return runpy.run_path(str(ROOT / "shared_project" / "settings.py"))

    return load


def test_a_learner_needs_to_set_nothing(load):
    settings = load()
    assert settings["DEBUG"] is True
    assert settings["DATABASES"]["default"]["NAME"] == str(ROOT / "var" / "db.sqlite3")


def test_sqlite_takes_its_write_lock_at_the_start_and_waits_for_it(load):
    options = load()["DATABASES"]["default"]["OPTIONS"]
    assert options["transaction_mode"] == "IMMEDIATE"
    assert options["factory"] is PatientConnection
    assert options["timeout"] == 0.1
    assert "journal_mode=WAL" in options["init_command"]


def test_the_data_folder_can_be_moved(load, tmp_path):
    settings = load(DJANGO_DATA_DIR=str(tmp_path))
    assert settings["DATABASES"]["default"]["NAME"] == str(tmp_path / "db.sqlite3")
    assert settings["MEDIA_ROOT"] == tmp_path / "media"


NAMES = ["a#b", "a?b=c", "a%20b", "a+b", "a b", "Zoë", "a'b\"c", "a\nb", "a\\b", "a;b", "file:a"]


@pytest.mark.filesystem
def test_a_data_folder_may_be_called_anything(manage):
    folder = manage.folder / "".join(NAMES)
    folder.mkdir()
    done = manage("migrate", "-v", "0", env={"DATABASE_URL": "", "DJANGO_DATA_DIR": str(folder)})
    assert (done.returncode, done.stderr) == (0, "")
    assert "db.sqlite3" in {path.name for path in folder.iterdir()}


@pytest.mark.parametrize("name", NAMES)
def test_a_data_folder_is_where_the_database_is(load, name):
    settings = load(DJANGO_DATA_DIR=f"/srv/{name}")
    assert settings["DATABASES"]["default"]["NAME"] == f"/srv/{name}/db.sqlite3"


@pytest.mark.parametrize("name", NAMES)
def test_a_sqlite_url_names_an_absolute_file(load, name):
    entry = load(DATABASE_URL=f"sqlite:////srv/{quote(name)}")["DATABASES"]["default"]
    assert entry["NAME"] == f"/srv/{name}"


@pytest.mark.parametrize("url", ["sqlite://:memory:", "sqlite://", "sqlite:///:memory:"])
def test_a_sqlite_url_can_name_the_memory(load, url):
    assert load(DATABASE_URL=url)["DATABASES"]["default"]["NAME"] == ":memory:"


def test_a_postgres_url_names_its_server(load):
    entry = load(DATABASE_URL="postgres://ada@db.example:6432/shop")["DATABASES"]["default"]
    assert entry["ENGINE"] == "django.db.backends.postgresql"
    assert (entry["USER"], entry["HOST"], entry["PORT"], entry["NAME"]) == (
        "ada",
        "db.example",
        6432,
        "shop",
    )
    assert "transaction_mode" not in entry.get("OPTIONS", {})


@pytest.mark.parametrize(
    "url",
    [
        "nonsense://x",
        "postgres://ada@db:port/shop",
        "shop.db",
        "sqlite:////srv/a#b.db",
        "sqlite:////srv/a?b.db",
        "sqlite:////srv/a\nb.db",
        "sqlite://shop.db",
        "postgres://ada:pa#ss@db/shop",
    ],
)
def test_a_bad_url_is_refused_with_an_example(load, url):
    with pytest.raises(ImproperlyConfigured, match="^DATABASE_URL: .* Try sqlite:////"):
        load(DATABASE_URL=url)


@pytest.mark.parametrize("url", ["postgres://ada:s3cret#x@db/shop", "postgres://ada:s3/c@db/shop"])
def test_a_bad_url_keeps_its_password_to_itself(load, url):
    with pytest.raises(ImproperlyConfigured) as refusal:
        load(DATABASE_URL=url)
    assert "s3" not in str(refusal.value)


def test_debug_is_0_or_1(load):
    with pytest.raises(ImproperlyConfigured, match="DJANGO_DEBUG must be 0 or 1, not 'False'"):
        load(DJANGO_DEBUG="False")


def test_without_debug_a_secret_key_must_be_given(load):
    with pytest.raises(ImproperlyConfigured, match="DJANGO_SECRET_KEY must be set"):
        load(DJANGO_DEBUG="0")


def test_without_debug_the_secret_key_is_the_given_one(load):
    settings = load(DJANGO_DEBUG="0", DJANGO_SECRET_KEY=KEY, DJANGO_ALLOWED_HOSTS="a.example,b")
    assert settings["SECRET_KEY"] == KEY
    assert settings["ALLOWED_HOSTS"] == ["a.example", "b"]
    assert settings["SECURE_SSL_REDIRECT"] is True


@pytest.mark.parametrize(
    ("env", "backend"),
    [({}, "console"), ({"DJANGO_DEBUG": "0", "DJANGO_SECRET_KEY": KEY}, "smtp")],
)
def test_a_mail_is_printed_unless_debug_is_off(load, env, backend):
    settings = load(**env)
    name = (
        settings["MAILERS"]["default"]["BACKEND"]
        if VERSION >= (6, 1)
        else settings["EMAIL_BACKEND"]
    )
    assert name == f"django.core.mail.backends.{backend}.EmailBackend"


def test_check_deploy_finds_nothing_in_production_settings(manage):
    done = manage(
        "check",
        "--deploy",
        "--fail-level=INFO",
        env={"DJANGO_DEBUG": "0", "DJANGO_SECRET_KEY": KEY},
    )
    assert (done.returncode, done.stderr) == (0, "")
