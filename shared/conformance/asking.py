"""Asks a reader that runs as a program of its own: a line of JSON in, a line of JSON out.

Decided here: how long an answer may take, and what becomes of a program that ends, stays silent or writes something
else: that case fails, and the next one meets a new process.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress

import msgspec

from shared.conformance.cases import Answer, Case, check_answer, parse_answer
from shared.errors import ParseError

_LINE_MAX_BYTES = 16 * 1024 * 1024


class Verdict(msgspec.Struct, frozen=True):
    """How one case went; `problems` is empty where the reader answered right."""

    case: str
    about: str
    expected: str
    answered: str = ""
    problems: tuple[str, ...] = ()

    @property
    def is_right(self) -> bool:
        """Tell whether the answer was the right one."""
        return not self.problems


class _NoAnswerError(Exception):
    """Why there is none."""


class Asker:
    """Asks one program case after case.

    Args:
        command: the program and its arguments.
        seconds: how long one answer may take, the start of the program included.
        fresh: start the program anew for each case, and close its input after the question.
    """

    def __init__(self, command: Sequence[str], *, seconds: float, fresh: bool = False) -> None:
        self._command = tuple(command)
        self._seconds = seconds
        self._fresh = fresh
        self._process: asyncio.subprocess.Process | None = None

    async def ask(self, cases: Sequence[Case]) -> AsyncIterator[Verdict]:
        """Yield a verdict for each case, in order.

        Raises:
            OSError: the program cannot be started.
        """
        try:
            for case in cases:
                yield await self._judge(case)
        finally:
            await self._end()

    async def _judge(self, case: Case) -> Verdict:
        try:
            async with asyncio.timeout(self._seconds):
                answer = await self._answer(case)
        except TimeoutError:
            await self._end()
            return _failed(case, f"no answer within {self._seconds:g} s")
        except (ParseError, _NoAnswerError) as error:
            # Whatever it writes next could belong to the last question.
            await self._end()
            return _failed(case, str(error))
        if self._fresh:
            await self._end()
        return Verdict(case.case, case.about, case.expect.code, answer.code, tuple(check_answer(case, answer)))

    async def _answer(self, case: Case) -> Answer:
        process = await self._running()
        if process.stdin is None or process.stdout is None:
            raise _NoAnswerError("the reader has no input or output")
        with suppress(ConnectionError):  # it has ended; that shows at once where its output is read
            process.stdin.write(case.question())
            if self._fresh:
                process.stdin.close()
            else:
                await process.stdin.drain()
        try:
            line = await process.stdout.readline()
        except ValueError:
            raise _NoAnswerError(f"a line of more than {_LINE_MAX_BYTES} bytes") from None
        if not line:
            raise _NoAnswerError(f"the reader ended with exit code {await process.wait()} instead of answering")
        return parse_answer(line)

    async def _running(self) -> asyncio.subprocess.Process:
        if self._process is None or self._process.returncode is not None:
            self._process = await asyncio.create_subprocess_exec(
                *self._command, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, limit=_LINE_MAX_BYTES
            )
        return self._process

    async def _end(self) -> None:
        """Let the program go: its input ends; one that stays is ended."""
        process, self._process = self._process, None
        if process is None:
            return
        if process.stdin is not None:
            process.stdin.close()
        try:
            async with asyncio.timeout(1.0):
                await process.wait()
        except TimeoutError:
            with suppress(ProcessLookupError):
                process.kill()
            await process.wait()


def _failed(case: Case, problem: str) -> Verdict:
    return Verdict(case.case, case.about, case.expect.code, problems=(problem,))
