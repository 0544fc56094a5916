"""The way in: runs a command, and turns whatever goes wrong into one line and an exit code."""

from __future__ import annotations

import os
import signal
import sys
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

# Nothing more is imported up here: Ctrl-C before `run` begins would show a traceback.

TRACEBACK = "LOOKALIKE_TRACEBACK"
"""Set this variable to see where an error comes from."""

STOPPED = 130  # 128 and the number of SIGINT, as shells have it
BROKEN_PIPE = 141  # 128 and the number of SIGPIPE
USER_FAULT = 2
RARELY = (50_000, 20, 20)
"""After how many new objects Python looks for circles among them; by itself after 700."""
OWN_FAULT = 1


def run(arguments: Sequence[str] | None = None) -> int:
    """Run one command line, by default the process's own, and give its exit code.

    0 when all went well, 2 when the user can mend it, 130 after Ctrl-C, 1 for a fault of ours.
    """
    _print_anything()
    if arguments is None:
        _collect_rarely()
    try:
        from lookalike.cli.app import call

        with _notes():
            code = call(sys.argv[1:] if arguments is None else list(arguments))
            sys.stdout.flush()
            return code
    except BrokenPipeError:
        _forget_output()
        return BROKEN_PIPE
    except (Exception, KeyboardInterrupt) as fault:
        if os.environ.get(TRACEBACK):
            raise
        line, code = explained(fault)
        _say(line)
        if code == STOPPED and arguments is None:
            # A second Ctrl-C while Python ends must not bring a traceback after all.
            signal.signal(signal.SIGINT, signal.SIG_DFL)
        return code


def explained(fault: BaseException) -> tuple[str, int]:
    """What to tell the user about an error, and the exit code that goes with it."""
    from lookalike.core.errors import LookalikeError
    from lookalike.core.files import reason

    if isinstance(fault, KeyboardInterrupt):
        return "stopped; nothing half-written was kept", STOPPED
    if isinstance(fault, LookalikeError):
        return str(fault), fault.exit_code
    if isinstance(fault, OSError):
        place = f"{fault.filename}: " if fault.filename else ""
        return f"{place}{reason(fault)}", USER_FAULT
    if isinstance(fault, MemoryError):
        return "there is not enough memory; try fewer or smaller pictures", USER_FAULT
    what = " ".join(f"{type(fault).__name__}: {fault}".split())
    return f"a fault of lookalike itself: {what} (with {TRACEBACK}=1: where)", OWN_FAULT


def _say(line: str) -> None:
    print(f"lookalike: {line}", file=sys.stderr)


@contextmanager
def _notes() -> Iterator[None]:
    """Show our own warnings as lines on stderr, and none of the libraries'."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        # By the module that warns: naming its category would load the model libraries.
        warnings.filterwarnings("always", category=UserWarning, module=r"lookalike\.")
        warnings.showwarning = _teller()
        yield


def _teller() -> Callable[..., None]:
    """What shows a warning: each text once, however often a command comes by it."""
    told: set[str] = set()

    def tell(message: Warning | str, *place: object) -> None:
        line = str(message)
        if line not in told:
            told.add(line)
            _say(line)

    return tell


def _collect_rarely() -> None:
    """Spare a tenth of a first picture's time: loading makes very many objects, all to stay."""
    import gc

    gc.set_threshold(*RARELY)


def _print_anything() -> None:
    """Keep characters that the terminal's encoding lacks from being an error."""
    for stream in (sys.stdout, sys.stderr):
        if reconfigure := getattr(stream, "reconfigure", None):
            reconfigure(errors="replace")


def _forget_output() -> None:
    """Nobody reads stdout any more; without this, Python complains of it when it ends."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


if __name__ == "__main__":
    sys.exit(run())
