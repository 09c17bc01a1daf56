"""A second process for work that holds the interpreter; its results are those that this process would have made."""

from __future__ import annotations

import logging
import os
import pickle
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

log = logging.getLogger(__name__)
_CODE = "from analyzer.beside import serve; serve()"


class Process:
    """A second interpreter that calls the functions it is sent, one after the other.

    Not a process pool: that would run the user's main script again, and would stay behind where this process is killed.
    This one ends when its input does.
    """

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-c", _CODE],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,  # Ctrl-C is for the first process to answer
        )
        self._thread = ThreadPoolExecutor(1)  # waits for the pipes, so that nobody else does

    def __enter__(self) -> Process:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._thread.shutdown(cancel_futures=True)
        self._process.communicate()

    def submit(self, function: Callable[..., Any], *args: Any, **kwargs: Any) -> Callable[[], Any]:
        """Begin a call; what is returned gives the result when called.

        Functions and values are sent by pickle. Where anything fails, in the function or on the way, the function is
        called here, which gives the result or the error that it has.
        """
        here = partial(function, *args, **kwargs)
        try:
            sent = self._thread.submit(self._ask, pickle.dumps(here))
        except Exception as error:  # whatever pickle finds
            log.info("%s stays in this process: %s", function, error)
            return here

        def result() -> Any:
            try:
                done, value = sent.result()
            except Exception as error:  # a pipe, or a class that is not known here
                log.info("the second process is lost (%s: %s)", type(error).__name__, error)
                return here()
            return value if done else here()

        return result

    def _ask(self, call: bytes) -> tuple[bool, Any]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(call)
        self._process.stdin.flush()
        answer: tuple[bool, Any] = pickle.load(self._process.stdout)
        return answer


def submit(beside: Process | None, function: Callable[..., Any], *args: Any, **kwargs: Any) -> Callable[[], Any]:
    """Begin a call in a second process, or do it now where there is none; what is returned gives the result."""
    if beside is not None:
        return beside.submit(function, *args, **kwargs)
    value = function(*args, **kwargs)
    return lambda: value


def worth_it(n_posts: int) -> bool:
    """Tell whether a second process pays: with few posts nobody waits, and one core is no faster for it."""
    return n_posts >= 20_000 and (os.cpu_count() or 1) > 1


def serve() -> None:
    """Answer the calls on standard input, until it ends."""
    into, out = sys.stdin.buffer, sys.stdout.buffer
    sys.stdout = sys.stderr  # what is printed by chance is no answer
    while True:
        try:
            call: Callable[[], Any] = pickle.load(into)
        except EOFError:
            return
        try:
            answer = pickle.dumps((True, call()))
        except Exception:  # it is called again where its error can be read
            answer = pickle.dumps((False, None))
        out.write(answer)
        out.flush()
