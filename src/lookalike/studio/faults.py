"""Errors as data: which kind it is, in one word, and the text that the command line prints."""

from __future__ import annotations

from lookalike.core.errors import LookalikeError
from lookalike.studio.records import Fault


class BusyError(LookalikeError):
    """There are too many jobs; later there may be room."""


class UnknownError(LookalikeError):
    """There is no such thing."""


class LateError(LookalikeError):
    """It is too late for that."""


class JobError(LookalikeError):
    """A job that was waited for has failed."""

    def __init__(self, fault: Fault) -> None:
        """Take what the job says of it."""
        super().__init__(fault.message)
        self.fault = fault


def fault_of(fault: BaseException) -> Fault:
    """What to tell about an error; what is a fault of ours is told without its details."""
    if isinstance(fault, JobError):
        return fault.fault
    if isinstance(fault, LookalikeError):
        return Fault(kind=kind_of(fault), message=str(fault))
    if isinstance(fault, MemoryError) or "OutOfMemory" in type(fault).__name__:
        return Fault(
            kind="memory", message="there is not enough memory; try fewer or smaller pictures"
        )
    name = type(fault).__name__
    return Fault(kind="fault", message=f"a fault of lookalike itself ({name}); the log says where")


def kind_of(fault: LookalikeError) -> str:
    """The kind of an error in one word, such as prompt, picture or option."""
    return type(fault).__name__.removesuffix("Error").lower() or "lookalike"
