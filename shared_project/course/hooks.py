"""MkDocs loads this file by its path: it makes the course's Markdown extension importable."""

import sys
from pathlib import Path


def on_config(config):
    root = str(Path(config.config_file_path).parent)
    if root not in sys.path:
        sys.path.insert(0, root)
    config.markdown_extensions.append("shared_project.course.embed")
    return config
