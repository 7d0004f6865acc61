"""Rules about the code's own shape that no linter checks."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "scheduler"
FILES = sorted(PACKAGE.rglob("*.py"))

FRAMEWORKS = {
    *("apscheduler", "cryptography", "flask", "flask_sqlalchemy", "geopy"),
    *("numba", "pydantic", "sqlalchemy", "twilio"),
}
NAMES_THAT_SAY_NOTHING = {"common", "helper", "helpers", "manager", "misc", "util", "utils"}
MAX_FUNCTION_LINES = 40
MAX_FILE_LINES = 400

LOADED_WHEN_ASKED = "scheduler.matching.kernels"
"""The compiler takes 0.3 s and 110 MB: only whoever plans a day pays for it."""

IMPORT_ALL_OF = f"""
import importlib, pkgutil, sys
package = importlib.import_module(sys.argv[1])
for module in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
    if not module.name.startswith("{LOADED_WHEN_ASKED}"):
        importlib.import_module(module.name)
print(*sorted({{name.partition(".")[0] for name in sys.modules}}))
"""


def roots_loaded_by(package: str) -> set[str]:
    """Return the top-level modules in a fresh interpreter that imported all of the package."""
    answer = subprocess.run(
        [sys.executable, "-c", IMPORT_ALL_OF, package],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert answer.returncode == 0, answer.stderr
    return set(answer.stdout.split())


def functions_of(file: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


@pytest.mark.parametrize(
    ("package", "kept_out"),
    [("scheduler.domain", FRAMEWORKS | {"numpy"}), ("scheduler.matching", FRAMEWORKS)],
)
def test_rules_load_no_framework(package: str, kept_out: set[str]) -> None:
    assert roots_loaded_by(package) & kept_out == set()


def test_the_package_itself_imports_nothing() -> None:
    body = ast.parse((PACKAGE / "__init__.py").read_text())
    assert not [node for node in ast.walk(body) if isinstance(node, ast.Import | ast.ImportFrom)]


def test_names_say_what_is_inside() -> None:
    folders = {folder for file in FILES for folder in file.relative_to(PACKAGE).parents}
    names = {path.stem for path in FILES} | {folder.name for folder in folders}
    assert names & NAMES_THAT_SAY_NOTHING == set()


def test_functions_are_short() -> None:
    too_long = [
        f"{file.relative_to(ROOT)}:{node.lineno} {node.name}"
        for file in FILES
        for node in functions_of(file)
        if (node.end_lineno or node.lineno) - node.lineno >= MAX_FUNCTION_LINES
    ]
    assert too_long == []


def test_files_are_short() -> None:
    too_long = [
        str(file.relative_to(ROOT))
        for file in FILES
        if len(file.read_text().splitlines()) > MAX_FILE_LINES
    ]
    assert too_long == []
