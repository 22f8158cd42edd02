from shared_project.settings import *  # noqa: F403

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "dated": {
            "format": "{asctime} {levelname} {message}",
            "datefmt": "%Y-%m-%d %H:%M:%S %Z",
            "style": "{",
        },
    },
    "handlers": {
        "file": {
            "class": "logging.FileHandler",
            "filename": "shop.log",
            "formatter": "dated",
        },
    },
    "root": {"handlers": ["file"], "level": "INFO"},
}
