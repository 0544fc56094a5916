"""A job: what is to be made, before a model is loaded, and what its verb finds in it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from PIL.Image import Image
from torch import Tensor

from lookalike.convert import Converter, converters
from lookalike.core.embedding import Embedding, about
from lookalike.core.errors import RecipeError
from lookalike.core.records import Part, Prompt, Recipe, Reference, Role
from lookalike.models.backbone import Backbone
from lookalike.models.card import is_card, read_card
from lookalike.models.named import Names
from lookalike.session.source import Source

Scalar = str | int | float | bool | None


@dataclass(frozen=True, eq=False)
class Job:
    """What is to be made; `sources` are the pictures that its prompt's references name."""

    verb: str
    prompt: Prompt
    options: Mapping[str, Scalar] = field(default_factory=dict)
    sources: tuple[Source, ...] = ()
    adapters: Mapping[str, str] = field(default_factory=dict)  # SHA-256 of an adapter's files
    expected: Recipe | None = None  # where something is made again

    def of_role(self, role: Role) -> list[tuple[Source, float]]:
        """The pictures that are referred to in a role, in order, each with its weight."""
        wanted = [each for each in self.prompt.references if each.role == role]
        return [(self._source(each), each.weight) for each in wanted]

    def referred(self) -> list[tuple[Reference, Image]]:
        """The references that bend a plan, with their pictures; a code of a style has none.

        A character's card speaks by its words: its portrait is looked at as a style, and as a
        character as far as --cw says.
        """
        wanted = [one for one in self.prompt.references if one.role != "region"]
        return [
            (one, self._source(one).picture)
            for one in wanted
            if one.code is None and not self._words_alone(one)
        ]

    def told(self, words: Prompt | None = None) -> Prompt:
        """The prompt, or `words` of its, with the characters that it refers to at their head."""
        named = [
            _as_kept(one.source)
            for one in self.prompt.references
            if one.role in ("image", "character") and one.code is None and self._is_card(one)
        ]
        return speaking_of(words or self.prompt, list(dict.fromkeys(named)))

    def names(self, backbone: Backbone) -> Names:
        """What the names of characters are read as, without @.

        Raises:
            ModelError: a character is one for another text encoder, or its card is damaged.
        """
        found: dict[str, tuple[Tensor, ...]] = {}
        for one in self.sources:
            if one.prompt is not None and is_card(one.prompt):
                card, name = read_card(one.prompt), one.name.removeprefix("@")
                card.require(backbone, name)
                found[name] = tuple(each.to(backbone.device) for each in card.words)
        return found

    def _is_card(self, reference: Reference) -> bool:
        prompt = self._source(reference).prompt
        return prompt is not None and is_card(prompt)

    def _words_alone(self, reference: Reference) -> bool:
        if reference.role == "character" and self.prompt.settings.character_weight > 0:
            return False
        return reference.role in ("image", "character") and self._is_card(reference)

    def learnt(self, backbone: Backbone) -> dict[str, Embedding]:
        """The prompts that were learnt of the job's pictures for this model, by their names."""
        found: dict[str, Embedding] = {}
        for one in self.sources:
            if one.prompt is None or is_card(one.prompt):
                continue
            if learnt_for(one.prompt) == backbone.sha256:
                prompt = Embedding.load(one.prompt)
                found[_as_kept(one.name)] = prompt.to(backbone.device)
        return found

    def _source(self, reference: Reference) -> Source:
        # By name, as a picture that is referred to twice is found once when it is made again.
        known = {_as_kept(one.name): one for one in self.sources}
        if reference.source not in known:
            raise RecipeError(f"the recipe lacks the SHA-256 of its picture {reference.source}")
        return known[reference.source]

    def picture(self) -> Source:
        """The one picture that the job works on."""
        found = self.of_role("image")
        if not found:
            raise RecipeError(f"the recipe names no picture to {self.verb}")
        return found[0][0]

    def option(self, name: str) -> str:
        """An option that the verb cannot do without."""
        if self.options.get(name) is None:
            raise RecipeError(f"the recipe lacks the option {name}, which {self.verb} needs")
        return str(self.options[name])

    def number(self, name: str) -> float:
        """An option that is a number."""
        try:
            return float(self.option(name))
        except ValueError as fault:
            raise RecipeError(f"the recipe's {name} is no number: {self.option(name)}") from fault


def converter_options(by: str, options: Mapping[str, object] | None) -> dict[str, Scalar]:
    """A converter and all its options as a recipe keeps them: also those left at their default."""
    made = converters.make(by, options or {}).model_dump(mode="json")
    return {"by": by, **{f"by.{name}": value for name, value in made.items()}}


def converted(backbone: Backbone, job: Job) -> Embedding:
    """The job's pictures as prompt vectors, one row each."""
    job.picture()  # there is one
    return converter_of(job).convert(backbone, [one.picture for one, _ in job.of_role("image")])


def converter_of(job: Job) -> Converter:
    """The converter that the job names, with the options that it names."""
    own = {k.removeprefix("by."): v for k, v in job.options.items() if k.startswith("by.")}
    return converters.make(job.option("by"), own)


def speaking_of(prompt: Prompt, names: Sequence[str]) -> Prompt:
    """A prompt with names before the words of each part that does not push away."""
    if not names:
        return prompt
    said = ", ".join(names)
    parts = [
        part.model_copy(update={"text": f"{said}, {part.text}"}) if part.weight > 0 else part
        for part in prompt.parts
    ]
    if not any(part.weight > 0 for part in parts):
        parts.insert(0, Part(text=said))
    return prompt.model_copy(update={"parts": tuple(parts)})


def learnt_for(prompt: Path) -> str:
    """The hash of the model that a prompt was learnt for."""
    return about(prompt).get("model_sha256", "")


def _as_kept(name: str) -> str:
    """A name as records keep it: see `Text`."""
    return name.encode(errors="replace").decode()
