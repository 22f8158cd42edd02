"""Settings of the course's project.

Read from the environment:

- DATABASE_URL: another database, `sqlite:////absolute/file` or `postgres://user@host:port/name`.
- DJANGO_DATA_DIR: where the SQLite database and the uploads live (default: `var/`).
- DJANGO_PRACTICE_DIR: the folder `practice` with your exercises (default: `practice/`).
- DJANGO_DEBUG: 1 (the default) or 0. With 0, the two below count.
- DJANGO_SECRET_KEY: required when debug is off.
- DJANGO_ALLOWED_HOSTS: host names, separated by commas.
"""

import os
import sys
from pathlib import Path
from urllib.parse import urlsplit

import dj_database_url
import django
from django.core.exceptions import ImproperlyConfigured

from shared_project.chapters import discover
from shared_project.toolkit.sqlite import PatientConnection

BASE_DIR = Path(__file__).resolve().parent.parent
DATA_DIR = Path(os.environ.get("DJANGO_DATA_DIR") or BASE_DIR / "var").resolve()

CHAPTERS = discover()
sys.path[:0] = [str(chapter.folder) for chapter in CHAPTERS if str(chapter.folder) not in sys.path]

# The learner's own commands, made by `python manage.py course start`.
PRACTICE_DIR = Path(os.environ.get("DJANGO_PRACTICE_DIR") or BASE_DIR / "practice").resolve()
PRACTICE = ["practice"] if (PRACTICE_DIR / "__init__.py").exists() else []
if str(PRACTICE_DIR.parent) not in sys.path:
    sys.path.append(str(PRACTICE_DIR.parent))

debug = os.environ.get("DJANGO_DEBUG", "1")
if debug not in ("0", "1"):
    raise ImproperlyConfigured(f"DJANGO_DEBUG must be 0 or 1, not {debug!r}.")
DEBUG = debug == "1"

SECRET_KEY = os.environ.get("DJANGO_SECRET_KEY", "")
if not SECRET_KEY:
    if not DEBUG:
        raise ImproperlyConfigured("DJANGO_DEBUG is 0, so DJANGO_SECRET_KEY must be set.")
    SECRET_KEY = "only-for-learning-on-your-own-machine"  # noqa: S105

ALLOWED_HOSTS = os.environ.get("DJANGO_ALLOWED_HOSTS", "localhost,127.0.0.1,[::1]").split(",")

INSTALLED_APPS = [
    *PRACTICE,
    *(chapter.app for chapter in CHAPTERS),
    "shared_project.shop",
    "shared_project.course",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

ROOT_URLCONF = "shared_project.urls"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]


def sqlite(name):
    """Return the DATABASES entry for the SQLite file `name`."""
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": str(name),
        "OPTIONS": {
            # Take the write lock when a transaction begins: one that reads first and writes
            # later cannot wait for the lock, and fails with "database is locked" at once.
            "transaction_mode": "IMMEDIATE",
            # Waits for the lock for 20 s, a tenth at a time, so that Ctrl-C can end the wait.
            "factory": PatientConnection,
            "timeout": 0.1,
            # Readers do not block the writer, and a commit costs one write to the log.
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL",
        },
    }


def database(url):
    """Return the DATABASES entry for `url`; raise ImproperlyConfigured where it is not one."""
    problem = ""
    try:
        entry = dj_database_url.parse(url)
        parts = urlsplit(url)
    except (ValueError, dj_database_url.ParseError) as error:
        problem = str(error)
    else:
        file = parts.scheme == "sqlite" and url != "sqlite://:memory:"
        # What a URL gives another meaning would be missing from the name of the file.
        if not url.isprintable() or parts.fragment or (file and (parts.query or parts.netloc)):
            problem = "write %23 for #, %3F for ? and %0A for a line break in a name."
    if problem:
        raise ImproperlyConfigured(
            f"DATABASE_URL: {problem} Try sqlite:////absolute/file or "
            "postgres://user@host:port/name."
        )
    return sqlite(entry["NAME"]) if parts.scheme == "sqlite" else entry


url = os.environ.get("DATABASE_URL")
DATABASES = {"default": database(url) if url else sqlite(DATA_DIR / "db.sqlite3")}

CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}

AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]

LANGUAGE_CODE = "en-us"
TIME_ZONE = "UTC"
USE_TZ = True

STATIC_URL = "static/"
STATIC_ROOT = DATA_DIR / "static"
MEDIA_URL = "media/"
MEDIA_ROOT = DATA_DIR / "media"

# While you learn, a mail is printed.
mail_backend = f"django.core.mail.backends.{'console' if DEBUG else 'smtp'}.EmailBackend"
if django.VERSION >= (6, 1):  # pragma: no cover - coverage is measured with 5.2
    MAILERS = {"default": {"BACKEND": mail_backend}}
else:
    EMAIL_BACKEND = mail_backend

TEST_RUNNER = "shared_project.runner.PytestRunner"

if not DEBUG:
    SECURE_SSL_REDIRECT = True
    SECURE_HSTS_SECONDS = 365 * 24 * 60 * 60
    SECURE_HSTS_INCLUDE_SUBDOMAINS = True
    SECURE_HSTS_PRELOAD = True
    SESSION_COOKIE_SECURE = True
    CSRF_COOKIE_SECURE = True
