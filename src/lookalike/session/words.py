"""The part of a Session that works on prompts: their pictures, stories, and which words matter."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Generator, Sequence

from lookalike.core.errors import OptionError
from lookalike.core.language import read
from lookalike.core.pieces import By
from lookalike.core.plan import Result
from lookalike.core.records import Prompt, Role, Settings
from lookalike.engine.run import Progress
from lookalike.engine.shorten import Shortened, shorten
from lookalike.models.store import Models
from lookalike.session.adapters import adapters_of
from lookalike.session.job import Job
from lookalike.session.prompts import Given, asked, called, every, opened
from lookalike.session.story import MOST_FRAMES, said
from lookalike.session.work import Run, begun


class PromptWork(ABC):
    """Verbs that start from a prompt; each has its twin `start_…`."""

    model: str
    models: Models

    @abstractmethod
    def _settings(self, settings: Settings | None) -> Settings:
        """The settings with the session's model, unless they name one themselves."""

    def imagine(
        self,
        prompt: str | Prompt,
        *,
        settings: Settings | None = None,
        image: Given = None,
        style: Given = None,
        character: Given = None,
        strict: bool = True,
    ) -> Result:
        """Pictures from a prompt: pictures, words and parameters, as `core.language.read` has it.

        `settings` take the place of the prompt's own: of a text's, those that are named in them.
        `image`, `style` and `character` are further references. A text with choices in braces is
        several prompts: see `prompts`.
        """
        run = self.start_imagine(
            prompt, settings=settings, image=image, style=style, character=character, strict=strict
        )
        return run.result()

    def start_imagine(
        self,
        prompt: str | Prompt,
        *,
        settings: Settings | None = None,
        image: Given = None,
        style: Given = None,
        character: Given = None,
        strict: bool = True,
    ) -> Run[Result]:
        """`imagine`, to be watched."""
        chosen = asked(prompt, settings, self.model, strict=strict)
        given: dict[Role, Given] = {"image": image, "style": style, "character": character}
        whole, sources = opened(chosen, given)
        job = Job("imagine", whole, sources=sources, adapters=adapters_of(whole))
        return begun(self.models, job)

    def prompts(
        self, text: str, *, settings: Settings | None = None, strict: bool = True
    ) -> list[Prompt]:
        """Every prompt that a text stands for: choices in braces, and `--repeat`."""
        return every(text, settings, self.model, strict=strict)

    def story(
        self,
        prompts: Sequence[str | Prompt],
        *,
        settings: Settings | None = None,
        character: Given = None,
        style: Given = None,
    ) -> Result:
        """One picture for each prompt, all with the same character.

        The pictures see one another while they are made (StoryDiffusion). Settings and references
        are those of the first prompt, which the others share; 2 to 12 prompts.
        """
        return self.start_story(
            prompts, settings=settings, character=character, style=style
        ).result()

    def start_story(
        self,
        prompts: Sequence[str | Prompt],
        *,
        settings: Settings | None = None,
        character: Given = None,
        style: Given = None,
    ) -> Run[Result]:
        """`story`, to be watched."""
        if not 2 <= len(prompts) <= MOST_FRAMES:
            raise OptionError(f"a story has 2 to {MOST_FRAMES} prompts, not {len(prompts)}")
        model = self._settings(settings).model
        first, *others = [asked(one, settings, model) for one in prompts]
        counted = first.settings.model_copy(update={"count": len(prompts)})
        whole, sources = opened(
            first.model_copy(update={"settings": counted}),
            {"style": style, "character": character},
        )
        frames = {f"frame.{number + 2}": said(one) for number, one in enumerate(others)}
        known = {one.name: one for one in sources}
        met = called(part for one in others for part in one.parts)
        sources = tuple({**met, **known}.values())
        job = Job("story", whole, frames, sources, adapters=adapters_of(whole))
        return begun(self.models, job)

    def shorten(self, prompt: str | Prompt, *, by: By = "words", levels: int = 4) -> Shortened:
        """Which words of a prompt matter, and shorter prompts; text is read as the language."""
        return self.start_shorten(prompt, by=by, levels=levels).result()

    def start_shorten(
        self, prompt: str | Prompt, *, by: By = "words", levels: int = 4
    ) -> Run[Shortened]:
        """`shorten`, to be watched."""
        said = read(prompt) if isinstance(prompt, str) else prompt
        return Run(self._shorten(said, by, levels))

    def _shorten(self, asked: Prompt, by: By, levels: int) -> Generator[Progress, None, Shortened]:
        with self.models.use(self._settings(asked.settings).model) as backbone:
            return (yield from shorten(backbone, asked, by=by, levels=levels))
