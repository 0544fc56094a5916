"""Session: one object that reads pictures, makes pictures, and keeps its models warm."""

from __future__ import annotations

from collections.abc import Generator, Sequence

from lookalike.convert import converters
from lookalike.convert.editing import BALANCE
from lookalike.core.compute import Compute, Precision
from lookalike.core.embedding import Embedding
from lookalike.core.errors import OptionError
from lookalike.core.library import Kept, Library
from lookalike.core.pictures import PictureSource
from lookalike.core.plan import Result
from lookalike.core.records import Description, Prompt, Role, Settings
from lookalike.describe import Describer, describers
from lookalike.describe.usual import asked, usual
from lookalike.engine.run import Progress
from lookalike.models.catalogue import known
from lookalike.models.spec import ModelSpec
from lookalike.models.store import Models
from lookalike.session.again import AgainWork
from lookalike.session.asking import leaning_on
from lookalike.session.characters import CharacterWork
from lookalike.session.demo import Clock, Demo, Judge, example
from lookalike.session.job import Job, Scalar, converter_options
from lookalike.session.learning import LearningWork
from lookalike.session.pictures import PictureWork
from lookalike.session.prompts import with_model
from lookalike.session.restyling import RestyleWork
from lookalike.session.source import Source, listed, open_source
from lookalike.session.variations import STRENGTHS, Options
from lookalike.session.verifying import SPARE, check_verify, verified
from lookalike.session.words import PromptWork
from lookalike.session.work import (
    Run,
    make,
    tell_strangers,
)

Pictures = PictureSource | Sequence[PictureSource]

MOST_PROMPTS = 64


class Session(PictureWork, PromptWork, LearningWork, RestyleWork, CharacterWork, AgainWork):
    """Reads pictures into prompts and embeddings, and makes pictures of words and pictures.

    `model` is a name from `lookalike models`, a hub id, a folder or a .safetensors file; it is
    loaded at first need and kept. `device`, `dtype`, `clip` and `compute` are those of `Models`.
    Each verb that makes pictures has a twin, `start_…`, which gives a `Run` to watch. What is worth
    knowing about a result (a prompt that was cut, a picture unlike anything the model knows) comes
    as a warning of class `Note`.
    """

    def __init__(
        self,
        model: str = "mini",
        *,
        device: str = "auto",
        dtype: Precision = "auto",
        clip: str | None = None,
        compute: Compute | None = None,
    ) -> None:
        """Load nothing yet."""
        self.model = model
        self.models = Models(device, dtype, clip, compute)

    def describe(
        self,
        pictures: Pictures,
        *,
        by: str | None = None,
        count: int = 4,
        options: Options | None = None,
        verify: int = 0,
    ) -> list[list[Description]]:
        """Up to `count` different prompts for each picture, the best first; see `describe`.

        Without `by`, the model's own trained describer reads, or `phrases` where it has none.
        `options` are the fields of the describer, of `phrases` if none is named. All pictures are
        opened before any is read.
        With `verify`, that many pictures are made of each of twice as many prompts, and the best
        are those whose pictures are most like the given one.
        """
        run = self.start_describe(pictures, by=by, count=count, options=options, verify=verify)
        return run.result()

    def start_describe(
        self,
        pictures: Pictures,
        *,
        by: str | None = None,
        count: int = 4,
        options: Options | None = None,
        verify: int = 0,
    ) -> Run[list[list[Description]]]:
        """`describe`, to be watched; without `verify` there is nothing to see."""
        if not 1 <= count <= MOST_PROMPTS:
            raise OptionError(f"a picture can have 1 to {MOST_PROMPTS} prompts, not {count}")
        check_verify(verify)
        describer = asked(by, options)
        sources = [open_source(picture) for picture in listed(pictures)]
        return Run(self._described(describer, sources, count, verify))

    def _described(
        self, named: Describer | None, sources: Sequence[Source], count: int, verify: int
    ) -> Generator[Progress, None, list[list[Description]]]:
        with self.models.use(self.model) as backbone:
            describer = named or usual(backbone)
            tell_strangers(backbone, sources)
            shown = [one.picture for one in sources]
            if not verify:
                return describer.describe(backbone, shown, count)
            found = describer.describe(backbone, shown, SPARE * count)
            checked = yield from verified(backbone, shown, found, verify)
            return [each[:count] for each in checked]

    def convert(
        self, pictures: Pictures, *, by: str = "closed-form", options: Options | None = None
    ) -> Embedding:
        """One row of prompt vectors for each picture, in the model's space."""
        converter = converters.make(by, options or {})
        sources = [open_source(picture) for picture in listed(pictures)]
        with self.models.use(self.model) as backbone:
            tell_strangers(backbone, sources)
            return converter.convert(backbone, [one.picture for one in sources])

    def edit(
        self,
        picture: PictureSource,
        text: str,
        *,
        balance: float | None = None,
        settings: Settings | None = None,
        by: str = "closed-form",
        options: Options | None = None,
    ) -> Result:
        """Pictures of a picture and a few words.

        `balance` (0 to 2) weighs the words' end; the converter's usual one if None.
        """
        run = self.start_edit(
            picture, text, balance=balance, settings=settings, by=by, options=options
        )
        return run.result()

    def start_edit(
        self,
        picture: PictureSource,
        text: str,
        *,
        balance: float | None = None,
        settings: Settings | None = None,
        by: str = "closed-form",
        options: Options | None = None,
    ) -> Run[Result]:
        """`edit`, to be watched."""
        usual = converters.get(by).balance
        weight = usual if balance is None else balance
        if not 0 <= weight <= 2:
            raise OptionError(f"a balance of {weight:g} is not in 0 to 2")
        chosen: dict[str, Scalar] = {"balance": weight}
        Prompt.of(text)  # an empty one is refused
        source = open_source(picture)
        prompt = leaning_on(self._settings(settings), source, text)
        return self._run("edit", prompt, chosen | converter_options(by, options), source)

    def save_as(
        self,
        picture: PictureSource,
        name: str,
        *,
        role: Role | None = None,
        licence: str = "",
        note: str = "",
        replace: bool = False,
    ) -> Kept:
        """Keep a picture in the library, so that `@name` means it wherever a picture is expected.

        `library` lists what is kept, opens it and forgets it.
        """
        source = open_source(picture)
        return self.library.save(
            name,
            source.picture,
            source=source.name,
            source_sha256=source.sha256,
            role=role,
            licence=licence,
            note=note,
            replace=replace,
        )

    @property
    def library(self) -> Library:
        """The pictures that were saved under names."""
        return Library()

    def catalogue(self) -> list[ModelSpec]:
        """The models at hand, with licence, size and hash."""
        return known()

    def demo(
        self,
        picture: PictureSource | None = None,
        *,
        text: str = "a person with hot pink hair",
        settings: Settings | None = None,
    ) -> Demo:
        """The whole round trip on a picture, by default on a character that mini never saw."""
        return self.start_demo(picture, text=text, settings=settings).result()

    def start_demo(
        self,
        picture: PictureSource | None = None,
        *,
        text: str = "a person with hot pink hair",
        settings: Settings | None = None,
    ) -> Run[Demo]:
        """`demo`, to be watched."""
        source = open_source(example() if picture is None else picture)
        return Run(self._demo(source, text, self._settings(settings)))

    def _demo(
        self, source: Source, text: str, settings: Settings
    ) -> Generator[Progress, None, Demo]:
        clock = Clock()
        with self.models.use(settings.model) as backbone:
            clock.note("model")
            descriptions = describers.make("phrases", {}).describe(backbone, [source.picture], 4)[0]
            clock.note("prompts")
        with_picture = converter_options("closed-form", None)
        strong = {"strength": STRENGTHS["strong"], **with_picture}
        bare, words = leaning_on(settings, source), leaning_on(settings, source, text)
        best = Prompt.of(descriptions[0].text, settings=settings)
        jobs = {
            "variations": Job("vary", bare, strong, (source,)),
            "best prompt": Job("imagine", best),
            "edit": Job("edit", words, {"balance": BALANCE, **with_picture}, (source,)),
            "no prompt": Job("imagine", Prompt(parts=(), settings=settings)),
        }
        made: dict[str, Result] = {}
        for name, job in jobs.items():
            made[name] = yield from make(self.models, job)
            clock.note(name)
        with self.models.use(settings.model) as backbone:
            embedding = converters.make("closed-form", {}).convert(backbone, [source.picture])
            judge = Judge(backbone, source.picture)
            closeness = {name: judge.closeness(each.pictures) for name, each in made.items()}
        clock.note("closeness")
        return Demo(source.picture, descriptions, embedding, made, closeness, clock.seconds)

    def _settings(self, settings: Settings | None) -> Settings:
        """The settings with this session's model, unless they name one themselves."""
        return with_model(settings, self.model)
