"""The commands of a rehearsal: every way of making, reading and learning, at few steps."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

SMALL = "--steps 2 --pixels 128 --seed 1 --out out"


@dataclass(frozen=True)
class Command:
    """One command line; `eyes` says that it needs CLIP's vision tower.

    `refusal` is a part of the one line that is right to refuse it with. What is `fresh` loads its
    own model, and runs before the other one is loaded.
    """

    name: str
    line: str
    eyes: bool = False
    refusal: str | None = None
    fresh: bool = False

    def arguments(self, checkpoint: Path) -> list[str]:
        """The line taken apart, with the checkpoint's folder for MODEL, its file for FILE."""
        import shlex

        places = {"MODEL": str(checkpoint), "FILE": f"{checkpoint}.safetensors"}
        words = shlex.split(self.line)
        return [re.sub("MODEL|FILE", lambda found: places[found[0]], word) for word in words]


def made(name: str, line: str, **known: bool) -> Command:
    """A command that makes one small picture."""
    return Command(name, f"{line} --model MODEL --count 1 {SMALL}", **known)


FRESH = (
    Command(
        "imagine, a single file",
        f"imagine 'a cat in the rain' --model FILE --count 1 {SMALL}",
        fresh=True,
    ),
    Command(
        "convert, a single file",
        "convert hero.png --out h.safetensors --model FILE --clip MODEL/clip",
        fresh=True,
    ),
    Command(
        "batch, imagine",
        "batch rows.parquet --do imagine --out painted --steps 2 --pixels 128 --model MODEL",
        fresh=True,
    ),
    Command("batch, embed", "batch rows.parquet --do embed --out seen --model MODEL", fresh=True),
)

WORDS = (
    made("imagine", "imagine 'a cat in the rain'"),
    made("imagine, 3:2", "imagine 'a cat in the rain --ar 3:2'"),
    made("imagine, --no", "imagine 'a cat in the rain --no hat'"),
    made("imagine, :: weights", "imagine 'a cat::2 rain::-0.5'"),
    Command(
        "imagine, native size",
        "imagine 'a cat in the rain' --model MODEL --count 1 --steps 1 --seed 1 --out out",
    ),
    made("imagine, --tile", "imagine 'bricks --tile'"),
    made("imagine, chaos and stylize", "imagine 'a cat --chaos 50 --stylize 300'"),
    made("sref, style-aligned", "imagine 'a cat --sref ink.png::1::style-aligned'"),
    made("sref, reference-only", "imagine 'a cat --sref ink.png::1::reference-only'"),
    made("sref, start", "imagine 'a cat --sref ink.png::1::start'"),
    made("cref, subject", "imagine 'a person in the rain --cref hero.png'"),
    Command("story", f"story 'a cat' 'a cat asleep' --model MODEL {SMALL}"),
    Command("story, --cref", f"story 'a cat' 'a man' --cref hero.png --model MODEL {SMALL}"),
    made("vary, a part by words", "vary hero.png 'red hair' --mask mask.png"),
    made("zoom", "zoom hero.png 2 'a person'"),
    made("pan", "pan hero.png right 'a person'"),
    made("remix", "remix hero.png 'a cat'"),
    Command("shorten", "shorten 'a cat in the rain --pixels 128' --levels 1 --model MODEL"),
    Command(
        "characters train",
        "characters train --recipe characters.toml --names names.txt --out maker --model MODEL",
    ),
    Command(
        "characters new",
        "characters new --count 1 --steps 1 --pixels 128 --maker maker --out out --model MODEL",
    ),
    Command(
        "reverse make",
        "reverse make --prompts prompts.txt --out made --seeds 1 --steps 1 --model MODEL",
    ),
)
SEEN = (
    Command("describe, phrases", "describe hero.png wide.png --by phrases --model MODEL", True),
    Command(
        "describe, a bank", "describe hero.png --by phrases --bank bank.txt --model MODEL", True
    ),
    Command("describe, interrogator", "describe hero.png --by interrogator --model MODEL", True),
    Command("describe, reverse", "describe hero.png --by reverse --model MODEL", True, "reverse"),
    Command("convert, closed-form", "convert wide.png --out a.safetensors --model MODEL", True),
    Command(
        "convert, gradient",
        "convert hero.png --by gradient --steps 1 --out b.safetensors --model MODEL",
        True,
    ),
    Command(
        "convert, hard-prompt",
        "convert hero.png --by hard-prompt --steps 1 --out c.safetensors --model MODEL",
        True,
    ),
    Command(
        "convert, online",
        "convert hero.png --by online --steps 1 --batch 1 --out d.safetensors --model MODEL",
        True,
    ),
    Command(
        "convert, textual-inversion",
        "convert hero.png --by textual-inversion --steps 1 --batch 1 --out e.safetensors "
        "--model MODEL",
        True,
    ),
    Command(
        "convert, dreambooth",
        "convert hero.png --by dreambooth --steps 1 --batch 1 --out f.safetensors --model MODEL",
        True,
    ),
    Command("tune", "tune domain --out g.safetensors --steps 1 --batch 1 --model MODEL", True),
    *(
        Command(
            f"convert, {by}, at 256",
            f"convert hero.png --by {by} --steps 1 --batch 1 --resolution 256 "
            f"--out {by}-256.safetensors --model MODEL",
            True,
        )
        for by in ("online", "textual-inversion", "dreambooth")
    ),
    made("vary, tuned", "vary hero.png --by tuned --weights g.safetensors", eyes=True),
    Command("learn", "learn hero.png --as hero --steps 1 --batch 1 --model MODEL", True),
    Command(
        "learn, at 256",
        "learn hero.png --as hero --replace --steps 1 --batch 1 --resolution 256 --model MODEL",
        True,
    ),
    Command(
        "tune, at 256",
        "tune domain --out l.safetensors --steps 1 --batch 1 --resolution 256 --model MODEL",
        True,
    ),
    made("imagine, learnt", "imagine '@hero, in the rain'", eyes=True),
    made("imagine, image prompt", "imagine hero.png 'in the rain' --iw 2", eyes=True),
    made(
        "imagine, ip-adapter",
        "imagine 'ink.png::1::ip-adapter in the rain --adapter adapter.safetensors'",
        eyes=True,
    ),
    Command("reverse draw", "reverse draw --count 8 --pixels 128 --out drawn", True),
    Command(
        "reverse split", "reverse split drawn --clusters 4 --validation 0.25 --test 0.25", True
    ),
    Command(
        "reverse train",
        "reverse train drawn --recipe reverse.toml --run learning --out reader --model MODEL",
        True,
    ),
    Command(
        "describe, a reader", "describe hero.png --by reverse --weights reader --model MODEL", True
    ),
    *(
        Command(
            f"reverse train, {what}",
            f"reverse train drawn --recipe {name}.toml --run {name}-run --out {name} --model MODEL",
            True,
        )
        for name, what in (("by-clip", "by CLIP"), ("head", "its head alone"))
    ),
    *(
        Command(
            f"describe, a reader {what}",
            f"describe hero.png --by reverse --weights {name} --model MODEL",
            True,
        )
        for name, what in (("by-clip", "by CLIP"), ("head", "by its head"))
    ),
    made("vary, subtle", "vary hero.png --strength subtle", eyes=True),
    made("vary, strong", "vary wide.png --strength strong --aspect 2:1", eyes=True),
    made("vary, a region", "vary hero.png --region 10%,20%,50%,50%", eyes=True),
    made("edit", "edit hero.png 'hot pink hair'", eyes=True),
    made("blend", "blend hero.png ink.png --weights 2,1", eyes=True),
)
COMMANDS = FRESH + WORDS + SEEN
