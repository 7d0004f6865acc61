"""Fails a run in which a test was skipped for a reason nobody agreed to.

Active where CI_EXPECT_NO_SKIPS is set: there everything is installed, so a skipped test is a hole.
"""

import os
from collections.abc import Mapping
from typing import Final

import pytest

AGREED_SKIPS: Final[Mapping[str, str]] = {
    # start of the skip's reason: why a machine that has everything may still skip it
    "benchmark peer": "measured against by hand, too large to install for every run",
    "No OSRM programs": "their wheels exist for few platforms, and a download must not fail a run",
    "No road extracts": "they are not in the repository, their licence and size forbid it",
}

Report = pytest.TestReport | pytest.CollectReport


class SkipWatch:
    """Collects the skips that were not agreed to, and fails the session that had any."""

    def __init__(self) -> None:
        self.surprises: list[str] = []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self._note(report)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        self._note(report)

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        if self.surprises and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        if not self.surprises:
            return
        terminalreporter.section("skips nobody agreed to", red=True)
        for line in self.surprises:
            terminalreporter.line(line)
        terminalreporter.line("Install what they need, or agree to them in tests/plugins/skips.py.")

    def _note(self, report: Report) -> None:
        if not report.skipped or hasattr(report, "wasxfail"):
            return
        reason = skip_reason(report)
        if not reason.startswith(tuple(AGREED_SKIPS)):
            self.surprises.append(f"{report.nodeid}: {reason}")


def skip_reason(report: Report) -> str:
    """Return the text the test gave for its skip."""
    if isinstance(report.longrepr, tuple):
        return report.longrepr[2].removeprefix("Skipped: ")
    return str(report.longrepr)


def pytest_configure(config: pytest.Config) -> None:
    is_worker = hasattr(config, "workerinput")  # under xdist the controller sees all reports
    if os.environ.get("CI_EXPECT_NO_SKIPS") and not is_worker:
        config.pluginmanager.register(SkipWatch(), "skip-watch")
