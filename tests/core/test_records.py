"""Records survive every trip: to JSON, into a PNG, and back; and they refuse what is not theirs."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import settings as effort
from hypothesis import strategies as st
from PIL import Image
from pydantic import ValidationError

from lookalike.core.errors import PromptError
from lookalike.core.files import read_json
from lookalike.core.pictures import png_bytes, read_recipe
from lookalike.core.record import explain
from lookalike.core.records import Description, Part, Prompt, Recipe, Reference, Settings

weights = st.floats(-1000, 1000)
texts = st.text(max_size=30)
seeds = st.integers(0, 2**32 - 1)
aspects = st.builds("{}:{}".format, st.integers(1, 999), st.integers(1, 999))
hashes = st.text("0123456789abcdef", min_size=64, max_size=64)

settings = st.builds(
    Settings,
    model=st.text(min_size=1, max_size=20),
    profile=st.none() | texts,
    aspect=aspects,
    pixels=st.none() | st.integers(8, 4096),
    count=st.integers(1, 64),
    seed=st.none() | seeds,
    steps=st.integers(1, 1000),
    guidance=st.floats(0, 50),
    image_weight=st.floats(0, 3),
    style_weight=st.floats(0, 1000),
    character_weight=st.floats(0, 100),
    chaos=st.floats(0, 100),
)
references = st.builds(
    Reference,
    source=st.text(min_size=1, max_size=30),
    role=st.sampled_from(["image", "style", "character", "region"]),
    weight=weights,
    by=st.none() | texts,
)
prompts = st.builds(
    Prompt,
    parts=st.lists(st.builds(Part, text=texts, weight=weights), max_size=4).map(tuple),
    avoid=texts,
    references=st.lists(references, max_size=3).map(tuple),
    settings=settings,
)
descriptions = st.builds(
    Description,
    text=texts,
    score=st.floats(-1, 1),
    parts=st.lists(st.tuples(texts, st.floats(-1, 1)), max_size=4).map(tuple),
    aspect=aspects,
    by=texts,
)
options = st.none() | st.booleans() | st.integers() | st.floats(-1e9, 1e9) | texts
recipes = st.builds(
    Recipe,
    made_by=st.from_regex(r"[a-z][a-z0-9-]{0,20}", fullmatch=True),
    version=texts,
    prompt=prompts,
    model=texts,
    model_sha256=hashes,
    seeds=st.lists(seeds, min_size=1, max_size=6).map(tuple),
    tiles=st.none() | st.tuples(st.integers(3, 99), st.integers(2, 99)),
    options=st.dictionaries(texts, options, max_size=4),
    references=st.dictionaries(texts, hashes, max_size=3),
    resolved=texts,
    cut=texts,
    libraries=st.dictionaries(texts, texts, max_size=3),
    seconds=st.floats(0, 1e6),
)


@effort(max_examples=60, deadline=None)
@given(st.one_of(prompts, descriptions, recipes))
def test_a_record_comes_back_from_json_as_it_went(record: Prompt | Description | Recipe) -> None:
    back = type(record).model_validate_json(record.model_dump_json())
    assert back == record
    assert back.model_dump_json() == record.model_dump_json()  # True is not 1, nor 1 1.0


@effort(max_examples=40, deadline=None)
@given(recipes)
def test_a_recipe_comes_back_from_a_png_as_it_went(
    tmp_path_factory: pytest.TempPathFactory, recipe: Recipe
) -> None:
    path = tmp_path_factory.getbasetemp() / "recipe.png"
    path.write_bytes(png_bytes(Image.new("RGB", (2, 2)), recipe))
    assert read_recipe(path).model_dump_json() == recipe.model_dump_json()


@effort(max_examples=30, deadline=None)
@given(prompts)
def test_equal_prompts_have_equal_hashes(prompt: Prompt) -> None:
    twin = Prompt.model_validate_json(prompt.model_dump_json())
    assert hash(twin) == hash(prompt)
    assert len({twin, prompt}) == 1


def test_records_cannot_be_changed() -> None:
    prompt = Prompt.of("a cat")
    with pytest.raises(ValidationError, match="frozen"):
        setattr(prompt, "avoid", "dogs")  # noqa: B010


def test_a_prompt_of_words_is_one_part_with_the_usual_settings() -> None:
    prompt = Prompt.of("a cat", settings=Settings(seed=7))
    assert prompt.parts == (Part(text="a cat", weight=1.0),)
    assert prompt.settings.seed == 7
    assert prompt.text == "a cat"
    assert Prompt(parts=(Part(text="a cat"), Part(text="rain", weight=2))).text == "a cat rain"


@pytest.mark.parametrize("text", ["", " ", "\n\t "])
def test_an_empty_prompt_is_refused(text: str) -> None:
    with pytest.raises(PromptError, match="the prompt is empty"):
        Prompt.of(text)


def test_text_that_no_file_can_hold_is_mended() -> None:
    assert Prompt.of("a \udcff cat").text == "a ? cat"
    assert Recipe.model_validate(recipe(references={"\udcff.png": "0"})).references == {
        "?.png": "0"
    }


@pytest.mark.parametrize(
    ("wrong", "line"),
    [
        ({"steps": 0}, "steps = 0: it should be greater than or equal to 1"),
        ({"steps": 1001}, "steps = 1001: it should be less than or equal to 1000"),
        ({"guidance": float("nan")}, "guidance = nan: it should be a finite number"),
        ({"count": 65}, "count = 65: it should be less than or equal to 64"),
        ({"seed": -1}, "seed = -1: it should be greater than or equal to 0"),
        ({"stesp": 5}, "there is no option stesp; did you mean steps?"),
        (
            {"aspect": "0:1"},
            "aspect = '0:1': it should be width:height in whole numbers, as in 3:2",
        ),
    ],
)
def test_a_wrong_setting_is_named_with_its_bound(wrong: dict[str, object], line: str) -> None:
    with pytest.raises(ValidationError) as caught:
        Settings.model_validate(wrong)
    assert explain(caught.value, Settings.model_fields).startswith(line)


def recipe(**changes: object) -> dict[str, object]:
    plain = {
        "made_by": "imagine",
        "version": "0.1.0",
        "prompt": {"parts": [{"text": "a cat"}]},
        "model": "mini",
        "model_sha256": "0" * 64,
        "seeds": [1, 2],
    }
    return {**plain, **changes}


def test_every_picture_of_a_recipe_has_a_seed() -> None:
    assert Recipe.model_validate(recipe(index=1)).seeds[1] == 2
    with pytest.raises(ValidationError, match="picture 2 has no seed"):
        Recipe.model_validate(recipe(index=2))


def test_a_grid_has_room_for_every_picture() -> None:
    assert Recipe.model_validate(recipe(tiles=(2, 1))).tiles == (2, 1)
    with pytest.raises(ValidationError, match="a grid of 1 x 1 cannot show 2 pictures"):
        Recipe.model_validate(recipe(tiles=(1, 1)))


@pytest.mark.parametrize("made_by", ["", "../up", "Vary", "a b"])
def test_the_verb_of_a_recipe_can_be_a_file_name(made_by: str) -> None:
    with pytest.raises(ValidationError):
        Recipe.model_validate(recipe(made_by=made_by))


@pytest.mark.parametrize("kind", [Part, Reference, Settings, Prompt, Description, Recipe])
def test_every_field_is_described(kind: type[Part]) -> None:
    assert [name for name, field in kind.model_fields.items() if not field.description] == []


def test_read_json_and_records_agree(tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.mktemp("json") / "prompt.json"
    prompt = Prompt.of("a cat")
    path.write_text(prompt.model_dump_json())
    assert Prompt.model_validate(read_json(path)) == prompt
