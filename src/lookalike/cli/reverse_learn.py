"""Commands that train reverse models, and that measure every piece of the method."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from lookalike.cli import output
from lookalike.cli.options import MODEL, Device, Json, Model
from lookalike.cli.reverse_import import group

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lookalike.models.backbone import Backbone
    from lookalike.reverse.ablate import Ablation, Table
    from lookalike.reverse.manifest import Manifest
    from lookalike.reverse.members import Doing
    from lookalike.reverse.recipe import ReverseRecipe
    from lookalike.reverse.setting import Setting

DataSet = Annotated[
    Path, typer.Argument(metavar="DATA", help="A data set that `reverse split` split.")
]
RecipeName = Annotated[
    str, typer.Option("--recipe", metavar="RECIPE", help="A recipe in the package, or a .toml.")
]
Weights = Annotated[Path, typer.Option("--out", metavar="DIR", help="The new folder to write.")]
RunFolder = Annotated[
    Path | None,
    typer.Option("--run", metavar="DIR", help="Where trainings are kept; runs/reverse if unset."),
]
Seed = Annotated[int, typer.Option("--seed", min=0, help="Where chance starts.")]
Seeds = Annotated[int, typer.Option("--seeds", min=1, max=20, help="How many seeds.")]
Others = Annotated[
    list[Path] | None,
    typer.Option("--shifted", metavar="DATA", help="Another domain to test on; may be repeated."),
]
Encoder = Annotated[
    str | None,
    typer.Option(
        "--sentences", metavar="MODEL", help="The sentence encoder: a folder or a hub id."
    ),
]

RUNS = Path("runs") / "reverse"


@group.command()
def train(
    data: DataSet,
    out: Weights,
    recipe: RecipeName = "mini",
    run: RunFolder = None,
    seed: Seed = 0,
    sentences: Encoder = None,
    model: Model = MODEL,
    device: Device = "auto",
) -> None:
    """Train a reverse model, which `describe --by reverse` reads pictures with.

    A training that was stopped goes on where it was. Readers learn from the training part, and
    what joins them is fitted to the validation part; the test part is not looked at. Several
    processes of `accelerate launch` train the readers together, and the first does the rest.
    """
    from lookalike.core.errors import OutputError
    from lookalike.describe.reversing.reverser import save_reverser
    from lookalike.models.store import Models
    from lookalike.reverse.assembling import assembled, shipped, trained
    from lookalike.reverse.manifest import read
    from lookalike.reverse.ranking import ranked
    from lookalike.reverse.recipe import read_recipe
    from lookalike.train.together import first_here, place

    first = place().first  # asked first of all: it also gives each process its own GPU
    chosen, home = read_recipe(recipe), (run or RUNS) / f"seed-{seed}"
    shipped(chosen)
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise OutputError(f"cannot write {out}: it exists already; name another folder")
    manifest = read(data)
    with Models(device).use(model) as backbone:
        with first_here():
            setting = _set_up(backbone, sentences, chosen, manifest, {})
        found = output.drained(trained(setting, chosen, seed, home), "training", _tell)
        if not first:
            return
        notes = _notes(setting, chosen, manifest, seed)
        whole = assembled(setting, chosen, found, home, notes)
        if chosen.ranked:
            work = ranked(backbone, whole, manifest.part("validation"), chosen.ranked)
            whole = output.drained(work, "ranking", _tell)
        save_reverser(whole, out)
    for name, value in whole.about.notes["validation"].items():
        typer.echo(f"{name} {value:.3f}")
    typer.echo(out)


@group.command()
def ablate(
    data: DataSet,
    shifted: Others = None,
    recipe: RecipeName = "mini",
    run: RunFolder = None,
    seeds: Seeds = 3,
    json: Json = False,
    sentences: Encoder = None,
    model: Model = MODEL,
    device: Device = "auto",
) -> None:
    """Measure every piece of the method on the test part, and on other domains.

    Each reader alone, with the vocabulary, with its curriculum; captions, nearest neighbours, the
    ensemble and the kernel; the mean cosine of each with its interval, over all seeds. Trainings
    are kept: a stopped ablation goes on.
    """
    from lookalike.core.errors import OptionError
    from lookalike.models.store import Models
    from lookalike.reverse.ablate import Ablation, Study
    from lookalike.reverse.ablate import ablate as ablated
    from lookalike.reverse.manifest import read
    from lookalike.reverse.recipe import read_recipe

    chosen, home = read_recipe(recipe), run or RUNS
    manifest, others = read(data), {each.folder.name: each for each in map(read, shifted or [])}
    if len(others) < len(shifted or []):
        raise OptionError("two --shifted have the same name; rename one")
    with Models(device).use(model) as backbone:
        setting = _set_up(backbone, sentences, chosen, manifest, others)
        study = Study(setting.bench, chosen, range(seeds), home)
        last = output.watched(ablated(study), "ablation", _tell)
    assert isinstance(last, Ablation)  # by the contract of `ablate`
    if json:
        output.show_json(last.model_dump(mode="json"))
    else:
        _show(last)


def _set_up(
    backbone: Backbone,
    sentences: str | None,
    recipe: ReverseRecipe,
    manifest: Manifest,
    others: Mapping[str, Manifest],
) -> Setting:
    from lookalike.models.sentences import Sentences
    from lookalike.reverse.setting import setting

    _tell_dropped(manifest)
    encoder = Sentences.find(sentences, backbone.device)
    return output.drained(setting(backbone, encoder, recipe, manifest, others), "reading", _tell)


def _tell_dropped(manifest: Manifest) -> None:
    if manifest.dropped:
        typer.echo(f"{manifest.dropped} rows without a prompt are left out", err=True)


def _notes(
    setting: Setting, recipe: ReverseRecipe, manifest: Manifest, seed: int
) -> dict[str, Any]:
    train = setting.bench.train.features
    return {
        "recipe": recipe.model_dump(mode="json"),
        "seed": seed,
        "data": manifest.folder.name,
        "pictures": len(train),
        "prompts": len(set(train.prompts)),
    }


def _tell(step: Any) -> tuple[float, float, str]:
    doing: Doing = step
    return getattr(doing, "done", 1), getattr(doing, "of", 1), getattr(doing, "name", "")


def _show(found: Ablation) -> None:
    for table in found.tables:
        typer.echo(f"{table.of}: {table.pictures} pictures of {table.prompts} prompts")
        output.table(("", "cosine", "95 % interval", "by seed"), list(map(list, _rows(table))))
        typer.echo("")
        gains = [
            (name, f"{each.mean:+.3f}", f"{each.low:+.3f} to {each.high:+.3f}")
            for name, each in table.gains.items()
        ]
        output.table(("difference", "cosine", "95 % interval"), gains)
        typer.echo("")


def _rows(table: Table) -> list[tuple[str, str, str, str]]:
    return [
        (
            row.name,
            f"{row.cosine.mean:.3f}",
            f"{row.cosine.low:.3f} to {row.cosine.high:.3f}",
            " ".join(f"{each:.3f}" for each in row.seeds),
        )
        for row in table.rows
    ]
