from shared_project.settings import *  # noqa: F403

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "diary": {
            "format": "{asctime} {levelname} {message}",
            "datefmt": "%Y-%m-%d %H:%M:%S %Z",
            "style": "{",
        },
    },
    "handlers": {
        "diary": {
            "class": "logging.FileHandler",
            "filename": "shop.log",
            "formatter": "diary",
        },
    },
    "root": {"handlers": ["diary"], "level": "INFO"},
}
