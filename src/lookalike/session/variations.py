"""The part of a Session that makes pictures like one, a part of one anew, or more around it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import replace
from typing import Literal

from lookalike.core.errors import OptionError
from lookalike.core.framing import Direction
from lookalike.core.pictures import PictureSource
from lookalike.core.plan import Result
from lookalike.core.records import Prompt, Settings
from lookalike.core.regions import usual_feather
from lookalike.models.store import Models
from lookalike.session.asking import leaning_on, shaped
from lookalike.session.job import Job, Scalar, converter_options
from lookalike.session.source import Source, open_source
from lookalike.session.verbs import canvas_of
from lookalike.session.work import Run, begun

Strength = Literal["subtle", "strong"]
Options = Mapping[str, object]
Region = str | tuple[int, int, int, int]

STRENGTHS: Mapping[str, float] = {"subtle": 0.5, "strong": 1.0}
"""The share of the noise levels that a variation goes through. From half of them (ours, by eye)
the picture keeps its layout; from all of them only what the embedding says is left of it."""

AROUND = 0.8
"""The same where a picture gets more around it: begun from its edges, drawn outwards (by eye)."""

MOST_FEATHER = 4096


class Variations(ABC):
    """Verbs that go on from one picture; each has its twin `start_…`."""

    models: Models

    @abstractmethod
    def _settings(self, settings: Settings | None) -> Settings:
        """The settings with the session's model, unless they name one themselves."""

    def vary(
        self,
        picture: PictureSource,
        text: str = "",
        *,
        strength: Strength | None = None,
        mask: PictureSource | None = None,
        region: Region | None = None,
        feather: int | None = None,
        settings: Settings | None = None,
        by: str = "closed-form",
        options: Options | None = None,
    ) -> Result:
        """Pictures like a picture: "subtle" starts from it, "strong" from noise.

        With a `mask` (white where the picture may change, of its size) or a `region` (x, y, width,
        height, in pixels or as in "10%,20%,50%,50%") only that part is made, "strong" unless said
        otherwise, of the words in `text` or else of the picture itself. The change rises over
        `feather` pixels inside its edge. Pixels outside stay as they are, and so does the size.
        """
        return self.start_vary(
            picture,
            text,
            strength=strength,
            mask=mask,
            region=region,
            feather=feather,
            settings=settings,
            by=by,
            options=options,
        ).result()

    def start_vary(
        self,
        picture: PictureSource,
        text: str = "",
        *,
        strength: Strength | None = None,
        mask: PictureSource | None = None,
        region: Region | None = None,
        feather: int | None = None,
        settings: Settings | None = None,
        by: str = "closed-form",
        options: Options | None = None,
    ) -> Run[Result]:
        """`vary`, to be watched."""
        local = mask is not None or region is not None
        chosen: dict[str, Scalar] = {"strength": _share(strength or _usual(local))}
        told = converter_options(by, options)
        if not local:
            if text or feather is not None:
                raise OptionError(
                    "words and --feather are for a part of a picture: name it with --mask or "
                    "--region, or use edit or remix"
                )
            source = open_source(picture)
            prompt = leaning_on(self._settings(settings), source)
            return self._run("vary", prompt, chosen | told, source)
        if mask is not None and region is not None:
            raise OptionError("a part is named by --mask or by --region, not by both")
        if region is not None:
            chosen["region"] = region if isinstance(region, str) else ",".join(map(str, region))
        masks = () if mask is None else (open_source(mask),)
        return self._fill("vary", picture, text, chosen, told, feather, settings, masks)

    def zoom(
        self,
        picture: PictureSource,
        factor: float,
        text: str = "",
        *,
        feather: int | None = None,
        settings: Settings | None = None,
        by: str = "closed-form",
        options: Options | None = None,
    ) -> Result:
        """The picture `factor` times smaller (above 1, at most 4), with more around it.

        The size stays. What is around is made of the words in `text`, or else of the picture.
        """
        return self.start_zoom(
            picture, factor, text, feather=feather, settings=settings, by=by, options=options
        ).result()

    def start_zoom(
        self,
        picture: PictureSource,
        factor: float,
        text: str = "",
        *,
        feather: int | None = None,
        settings: Settings | None = None,
        by: str = "closed-form",
        options: Options | None = None,
    ) -> Run[Result]:
        """`zoom`, to be watched."""
        chosen: dict[str, Scalar] = {"factor": float(factor), "strength": AROUND}
        told = converter_options(by, options)
        return self._fill("zoom", picture, text, chosen, told, feather, settings)

    def pan(
        self,
        picture: PictureSource,
        direction: Direction,
        text: str = "",
        *,
        share: float = 0.5,
        feather: int | None = None,
        settings: Settings | None = None,
        by: str = "closed-form",
        options: Options | None = None,
    ) -> Result:
        """The picture, grown by `share` of its side (above 0, at most 1) in one direction.

        It keeps its pixels. What is new is made of the words in `text`, or else of the picture.
        """
        return self.start_pan(
            picture,
            direction,
            text,
            share=share,
            feather=feather,
            settings=settings,
            by=by,
            options=options,
        ).result()

    def start_pan(
        self,
        picture: PictureSource,
        direction: Direction,
        text: str = "",
        *,
        share: float = 0.5,
        feather: int | None = None,
        settings: Settings | None = None,
        by: str = "closed-form",
        options: Options | None = None,
    ) -> Run[Result]:
        """`pan`, to be watched."""
        chosen: dict[str, Scalar] = {
            "direction": direction,
            "share": float(share),
            "strength": AROUND,
        }
        told = converter_options(by, options)
        return self._fill("pan", picture, text, chosen, told, feather, settings)

    def _fill(
        self,
        verb: str,
        picture: PictureSource,
        text: str,
        chosen: dict[str, Scalar],
        told: Mapping[str, Scalar],
        feather: int | None,
        settings: Settings | None,
        masks: tuple[Source, ...] = (),
    ) -> Run[Result]:
        """A run that makes a part of a picture; words are read in place of the picture itself."""
        if feather is not None and not 0 <= feather <= MOST_FEATHER:
            raise OptionError(f"a feather of {feather} is not in 0 to {MOST_FEATHER} pixels")
        source = open_source(picture)
        chosen |= {} if text else told
        edge = usual_feather(source.picture.size) if feather is None else feather
        prompt = leaning_on(self._settings(settings), source, text, masks)
        job = Job(verb, prompt, chosen | {"feather": edge}, (source, *masks))
        # Framed before a model is loaded, so that what cannot be is told at once.
        framed = shaped(prompt.settings, canvas_of(job).picture.size)
        prompt = prompt.model_copy(update={"settings": framed})
        return begun(self.models, replace(job, prompt=prompt))

    def _run(
        self, verb: str, prompt: Prompt, options: Mapping[str, Scalar], *sources: Source
    ) -> Run[Result]:
        return begun(self.models, Job(verb, prompt, options, sources))


def _usual(local: bool) -> Strength:
    """A variation of the whole keeps the layout; in a part there is to be something else."""
    return "strong" if local else "subtle"


def _share(strength: str) -> float:
    if strength not in STRENGTHS:
        raise OptionError(f"there is no strength {strength!r}; it is subtle or strong")
    return STRENGTHS[strength]
