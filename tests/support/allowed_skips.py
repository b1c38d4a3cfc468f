"""A pytest plugin that fails a run in which a test was skipped for a reason nobody allowed.

A skip is right on a developer's machine that lacks a browser, and wrong where everything was installed: there it hides
a test that never runs.  `--allow-skips PATTERN` names the reasons that are fine; without the option nothing changes.
Loaded by `tests/conftest.py`; under xdist it works in the controlling process, where all reports arrive.
"""

from __future__ import annotations

import re

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add `--allow-skips PATTERN`."""
    parser.addoption("--allow-skips", metavar="PATTERN", help="fail if a test was skipped and its reason lacks PATTERN")


def pytest_configure(config: pytest.Config) -> None:
    """Begin to watch, if asked to."""
    pattern = config.getoption("--allow-skips")
    if pattern is not None and not hasattr(config, "workerinput"):
        config.pluginmanager.register(_SkipWatch(re.compile(pattern)), "allowed-skips-watch")


def unexplained(report: pytest.TestReport | pytest.CollectReport, allowed: re.Pattern[str]) -> str | None:
    """Return `test: reason` if this report is a skip whose reason the pattern does not match."""
    if not report.skipped or hasattr(report, "wasxfail"):
        return None
    reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
    return None if allowed.search(reason) else f"{report.nodeid}: {reason}"


class _SkipWatch:
    """Collects the skips that are not allowed and turns the run's outcome."""

    def __init__(self, allowed: re.Pattern[str]) -> None:
        self._allowed = allowed
        self._found: list[str] = []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self._note(report)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        self._note(report)

    def _note(self, report: pytest.TestReport | pytest.CollectReport) -> None:
        line = unexplained(report, self._allowed)
        if line is not None and line not in self._found:
            self._found.append(line)

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Turn a passed run into a failed one; a run that already failed keeps its own code."""
        if self._found and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        if self._found:
            terminalreporter.section("skipped without leave", red=True)
            for line in self._found:
                terminalreporter.line(line)
