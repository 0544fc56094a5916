"""From what a person asks for to prompts whose settings are whole and whose pictures are named."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from lookalike.core.errors import OptionError
from lookalike.core.language import expand, read
from lookalike.core.pictures import PictureSource
from lookalike.core.records import Part, Prompt, Reference, Role, Settings
from lookalike.engine.references import mechanism_of
from lookalike.models.card import is_card
from lookalike.models.named import names_in
from lookalike.session.source import Source, listed, open_source
from lookalike.session.work import note

SEEDS = 2**32
MOST_REFERENCES = 10
"""Each takes its share of memory and time, and beyond a few none can be made out any more."""

Given = PictureSource | Sequence[PictureSource] | None


def asked(
    prompt: str | Prompt, settings: Settings | None, model: str, *, strict: bool = True
) -> Prompt:
    """One prompt, with the settings that take the place of its own, and a model.

    Of a text's settings, those named in `settings` are replaced; those of a `Prompt`, as a whole.

    Raises:
        PromptError: the text is no prompt; the message points at the fault.
    """
    if isinstance(prompt, str):
        prompt = read(prompt, strict=strict, warn=note)
        own, new = prompt.settings, settings or Settings()
        chosen = own.model_copy(update={n: getattr(new, n) for n in new.model_fields_set})
    else:
        chosen = settings or prompt.settings
    return prompt.model_copy(update={"settings": with_model(chosen, model)})


def with_model(settings: Settings | None, model: str) -> Settings:
    """Settings with this model, unless they name one themselves."""
    chosen = settings or Settings()
    if "model" in chosen.model_fields_set:
        return chosen
    return chosen.model_copy(update={"model": model})


def every(text: str, settings: Settings | None, model: str, *, strict: bool = True) -> list[Prompt]:
    """Every prompt that a text stands for: its choices in braces, and each as often as it repeats.

    Where a seed is named, each repetition goes on where the seeds of the one before it end.
    """
    read_ones = [asked(one, settings, model, strict=strict) for one in expand(text)]
    return [one for prompt in read_ones for one in _repeated(prompt)]


def _repeated(prompt: Prompt) -> list[Prompt]:
    chosen = prompt.settings
    seeds = [
        None if chosen.seed is None else (chosen.seed + turn * chosen.count) % SEEDS
        for turn in range(chosen.repeat)
    ]
    updates = [{"seed": seed, "repeat": 1} for seed in seeds]
    return [prompt.model_copy(update={"settings": chosen.model_copy(update=u)}) for u in updates]


def opened(prompt: Prompt, given: Mapping[Role, Given]) -> tuple[Prompt, tuple[Source, ...]]:
    """The prompt with the pictures given besides, and all its pictures, each opened once.

    Raises:
        PictureError: one cannot be read. OptionError: one names no mechanism for its role, or they
            are too many.
    """
    if any(one.role == "region" for one in prompt.references):
        raise OptionError("--region and masks are for vary, which changes a part of a picture")
    named = sum(1 for one in prompt.references if one.code is None)
    besides: dict[Role, list[PictureSource]] = {
        role: listed(each) for role, each in given.items() if each is not None
    }
    count = named + sum(map(len, besides.values()))
    if count > MOST_REFERENCES:
        raise OptionError(f"a prompt leans on {MOST_REFERENCES} pictures at most, not on {count}")
    sources = {one.source: open_source(one.source) for one in prompt.references if one.code is None}
    added: list[Reference] = []
    for role, pictures in besides.items():
        for picture in pictures:
            source = open_source(picture)
            sources[source.name] = source
            added.append(Reference(source=source.name, role=role))
    for name, source in called(prompt.parts).items():
        sources.setdefault(name, source)
    for one in (*prompt.references, *added):
        if one.code is None:
            mechanism_of(one, prompt.settings)
    whole = Prompt(
        parts=prompt.parts,
        avoid=prompt.avoid,
        references=(*prompt.references, *added),
        settings=prompt.settings,
    )
    return whole, tuple(sources.values())


def called(parts: Iterable[Part]) -> dict[str, Source]:
    """The characters whose names stand among the words, by name.

    Raises:
        PictureError: nothing is saved under a name that stands there.
    """
    found: dict[str, Source] = {}
    for name in dict.fromkeys(f"@{name}" for part in parts for name in names_in(part.text)):
        source = open_source(name)
        if source.prompt is not None and is_card(source.prompt):
            found[name] = source
        else:
            note(f"{name} is a picture, and is read as a word here; pictures stand before words")
    return found
