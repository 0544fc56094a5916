"""Does what a page says, block after block, in one folder and with one set of Python names."""

from __future__ import annotations

import ast
import contextlib
import importlib.metadata
import io
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import takewhile
from pathlib import Path

from lookalike.cli.main import run
from lookalike.convert import converters
from lookalike.describe import describers
from lookalike.refer import mechanisms
from tests.docs.blocks import ROOT, Block
from tests.studio.running import Running

STUDIO = "http://127.0.0.1:7860"
"""Where pages say that the studio is; the one that a test starts is elsewhere."""


class Reader:
    """A reader of one page, who types what it says."""

    def __init__(self, place: Path) -> None:
        self.names: dict[str, object] = {"reader": self}
        self.brief: list[tuple[list[str], list[str]]] = []
        self.instead: dict[str, str] = {}
        self.printed = ""
        self.studio: Running | None = None
        self._place = place
        self._after: list[Callable[[], None]] = []

    def follow(self, page: Iterable[Block]) -> None:
        """Every block, in order; what fails is named by its place."""
        deeds: Mapping[str, Callable[[Block], None]] = {
            "setup": self._python,
            "python": self._python,
            "shell": self._shell,
            "output": self._compare,
            "file": self._keep,
            "signature": _is_a_signature,
            "brief": lambda b: self.brief.append((b.detail.split(), shlex.split(b.text))),
            "stand-in": lambda b: self.instead.update({b.detail: b.text}),
        }
        for block in page:
            deeds[block.kind](block)

    def close(self) -> None:
        """End what the page started."""
        if self.studio is not None:
            self.studio.kill()
            self.studio = None
        for undo in self._after:
            undo()
        _look_again()

    def _read(self, text: str) -> str:
        for this, that in self.instead.items():
            text = text.replace(this, that)
        return text if self.studio is None else text.replace(STUDIO, self.studio.address)

    def _python(self, block: Block) -> None:
        above = "\n" * (int(block.place.rpartition(":")[2]))
        code = compile(above + self._read(block.text), block.place, "exec")
        with self._listening():
            exec(code, self.names)

    def _shell(self, block: Block) -> None:
        self.printed = ""
        for line in re.sub(r"\\\n\s*", " ", block.text).splitlines():
            words = shlex.split(uncommented(self._read(line).removeprefix("$ ")))
            said = list(takewhile(SETTING.match, words))
            words = words[len(said) :]
            if words:
                deed = SHELL.get(words[0])
                assert deed is not None, f"{block.place}: {words[0]} is not known to the tests"
                with _environment(dict(one.split("=", 1) for one in said)):
                    refused = deed(self, words, f"{block.place}: {line}")
                assert bool(refused) == block.wrong, f"{block.place}: {line}\n{self.printed}"

    @contextlib.contextmanager
    def _listening(self) -> Iterator[None]:
        heard = io.StringIO()
        with contextlib.redirect_stdout(heard):
            yield
        self.printed = heard.getvalue()

    def types(self, line: str) -> None:
        """A command that hidden set-up gives."""
        self._shell(Block("shell", line, "set-up:0"))

    def lookalike(self, words: list[str], said: str) -> bool:
        """One command, in this process; the studio in one of its own. Whether it was refused."""
        if words[1] == "studio":
            self.close()
            self.studio = Running(self._place / "studio", *words[2:])
            self.printed = "\n".join(self.studio.lines).replace(self.studio.address, STUDIO)
            for token in re.findall(r"token, .*: (\S+)", self.printed):
                os.environ["TOKEN"] = token
            return False
        words = [*words, *self._more(words[1:])]
        if "ray" in words:  # its workers get the code as it is, and not as tests check it
            return self._apart([sys.executable, "-m", *words], said)
        heard, told = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(heard), contextlib.redirect_stderr(told):
            code = run(words[1:])
        self.printed += heard.getvalue() + told.getvalue()
        assert code in (0, 2), f"{said}\n{told.getvalue()}"
        return code == 2

    def launch(self, words: list[str], said: str) -> bool:
        """One command in several processes, as accelerate starts them."""
        own = words[words.index("lookalike") + 1 :]
        start = [sys.executable, "-m", "accelerate.commands.launch", *words[2:]]
        return self._apart([*start, *self._more(own)], said)

    def _more(self, words: list[str]) -> list[str]:
        """What a command is given besides, so that it ends soon."""
        return [m for verbs, more in self.brief if _begins(words, verbs) for m in more]

    def _apart(self, line: list[str], said: str) -> bool:
        """A command in processes of its own; whether it was refused."""
        done = subprocess.run(line, capture_output=True, text=True)
        self.printed += done.stdout + done.stderr
        assert done.returncode in (0, 2), f"{said}\n{done.stderr}"
        return done.returncode == 2

    def install(self, folder: Path) -> None:
        """As pip would leave a package: its modules, and what says which entry points it has."""
        about = tomllib.loads((folder / "pyproject.toml").read_text("utf-8"))["project"]
        lines = [
            line
            for group, points in about["entry-points"].items()
            for line in (f"[{group}]", *(f"{name} = {place}" for name, place in points.items()))
        ]
        site = self._place / "site"
        shutil.copytree(folder, site)
        told = site / f"{about['name'].replace('-', '_')}-{about['version']}.dist-info"
        told.mkdir()
        (told / "METADATA").write_text(f"Name: {about['name']}\nVersion: {about['version']}\n")
        (told / "entry_points.txt").write_text("\n".join(lines))
        sys.path.insert(0, str(site))
        self._after.append(lambda: sys.path.remove(str(site)))
        _look_again()

    def curl(self, words: list[str], said: str) -> bool:
        """A request to the studio that the page started; whether a problem came back."""
        assert self.studio is not None, f"{said}: no studio runs"
        line = [os.path.expandvars(word) for word in words]
        done = subprocess.run(line, capture_output=True, text=True)
        assert done.returncode == 0, f"{said}: {done.stderr}"
        answer = json.loads(done.stdout)
        detail = answer.get("detail") if isinstance(answer, dict) else None
        self.printed = done.stdout if detail is None else detail
        return detail is not None

    def _compare(self, block: Block) -> None:
        printed = self.printed
        if self.studio is not None:
            printed = printed.replace(self.studio.address, STUDIO)
        alike = is_like_json if block.language == "json" else is_like
        assert alike(block.text, printed, about=block.detail == "about"), (
            f"{block.place} shows\n{block.text}\nand what is printed is\n{printed}"
        )

    def _keep(self, block: Block) -> None:
        """A file of the repository stands there as it is shown; any other is the reader's own."""
        kept = ROOT / block.detail
        assert not kept.exists() or kept.read_text("utf-8") == block.text, block.place
        path = self._place / block.detail
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(block.text, "utf-8")
        if path.suffix == ".py":
            compile(block.text, block.place, "exec")


SETTING = re.compile(r"[A-Z_]+=")
"""How a word begins that sets a variable for the command behind it."""


@contextlib.contextmanager
def _environment(settings: Mapping[str, str]) -> Iterator[None]:
    kept = dict(os.environ)
    os.environ |= settings
    try:
        yield
    finally:
        for name in settings:
            del os.environ[name]
            os.environ |= {name: kept[name]} if name in kept else {}


def _look_again() -> None:
    """Registries keep what they found; what is installed now is looked for once more."""
    importlib.invalidate_caches()
    for registry in (describers, converters, mechanisms):
        vars(registry).pop("_plugins", None)


def uncommented(line: str) -> str:
    """A line without its comment; a `#` inside a word, as in `GRID#3`, begins none."""
    return re.sub(r"(?:^|\s)#(?=\s).*$", "", line)


def is_like(shown: str, printed: str, *, about: bool = False) -> bool:
    """Whether that was printed, but for what `…` stands for, and numbers if only about."""
    shown, printed = (
        "\n".join(line.rstrip() for line in text.strip("\n").splitlines())
        for text in (shown, printed)
    )
    wanted = re.escape(shown).replace("…", ".*?")
    if about:
        wanted = re.sub(r"(?<![\w-])(?:\\-)?\d+(?:\\\.\d+)?", r"-?\\d+(?:\\.\\d+)?", wanted)
    return re.search(wanted, printed, re.DOTALL) is not None


def is_like_json(shown: str, printed: str, *, about: bool = False) -> bool:
    """The same of JSON, where blanks and line ends say nothing."""
    return is_like("".join(shown.split()), "".join(printed.split()), about=about)


def _begins(words: list[str], verbs: list[str]) -> bool:
    return any(words[: len(verb)] == verb for verb in ([*v.split("+")] for v in verbs))


def _is_a_signature(block: Block) -> None:
    """It reads as Python does."""
    name, _, rest = block.text.strip().partition("(")
    ast.parse(f"def {name.rpartition('.')[2]}({rest}: ...")


def _is_a_target(_: Reader, words: list[str], said: str) -> None:
    """Make would know what to do; it installs and trains, so nothing is done."""
    asked = ["make", "--dry-run", *words[1:]]
    assert subprocess.run(asked, cwd=ROOT, capture_output=True).returncode == 0, said


def _is_a_module(_: Reader, words: list[str], said: str) -> None:
    """What is measured takes long; but it is there, and takes what it is given."""
    assert words[1] == "-m", said
    asked = [sys.executable, *words[1:3], "--help"]
    assert subprocess.run(asked, cwd=ROOT, capture_output=True).returncode == 0, said


def _is_there(reader: Reader, words: list[str], said: str) -> None:
    """Nothing is fetched; but an extra is one of lookalike's, and a folder is found by Python."""
    if words[2].startswith("./"):
        reader.install(ROOT / words[2])
        return
    asked = re.findall(r"^lookalike\[([\w,]+)\]$", " ".join(words[2:]))
    known = importlib.metadata.metadata("lookalike").get_all("Provides-Extra") or []
    for extra in ",".join(asked).split(","):
        assert not extra or extra in known, f"{said}: there is no extra {extra}"


def _nothing(_: Reader, words: list[str], said: str) -> None:
    """The environment that it names is the one that make makes."""
    assert words[1] == ".venv/bin/activate", said


SHELL: Mapping[str, Callable[[Reader, list[str], str], bool | None]] = {
    "lookalike": Reader.lookalike,
    "curl": Reader.curl,
    "accelerate": Reader.launch,
    "make": _is_a_target,
    "python": _is_a_module,
    "pip": _is_there,
    "source": _nothing,
}
"""What the tests do with a line, by its first word."""
