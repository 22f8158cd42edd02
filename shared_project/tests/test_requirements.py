import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from shared_project.chapters import ROOT


def read(name):
    """Return the requirements in a file of the root, without options such as `-e .`."""
    lines = (ROOT / name).read_text(encoding="utf-8").splitlines()
    return [Requirement(line) for line in lines if line and not line.startswith(("#", "-"))]


REQUIREMENTS = [*read("requirements.txt"), *read("requirements-dev.txt")]


@pytest.mark.parametrize("requirement", REQUIREMENTS, ids=lambda one: one.name)
def test_ci_ran_with_a_version_that_is_required(requirement):
    name = canonicalize_name(requirement.name)
    pins = [pin for pin in read("constraints.txt") if canonicalize_name(pin.name) == name]
    assert pins
    for pin in pins:
        (version,) = pin.specifier
        assert version.operator == "=="
        assert requirement.specifier.contains(version.version)
