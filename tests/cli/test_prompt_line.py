"""The prompt language on the command line: what it does, and how it says what is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from lookalike.core.pictures import open_picture, read_recipe
from tests.cli.conftest import Ask


@pytest.fixture
def hero(own_place: Path) -> str:
    Image.linear_gradient("L").resize((48, 20)).convert("RGB").save("hero.png")
    return "hero.png"


def settings_of(ask: Ask, *arguments: str) -> dict[str, object]:
    answer = ask(["imagine", *arguments])
    assert answer.code == 0, answer.err
    return read_recipe(answer.out.split()[0]).prompt.settings.model_dump()


def test_parameters_may_stand_inside_the_quotes_and_behind_them(ask: Ask, tiny: str) -> None:
    brief = ("--model", tiny, "--steps", "2", "--count", "1")
    inside = settings_of(ask, "a cat --ar 2:1 --seed 5 --chaos 20", *brief)
    behind = settings_of(ask, "a cat", "--ar", "2:1", "--seed", "5", "--chaos", "20", *brief)
    assert inside == behind
    assert (inside["aspect"], inside["seed"], inside["chaos"]) == ("2:1", 5, 20)


def test_choices_make_a_job_for_each_prompt(ask: Ask, tiny: str) -> None:
    answer = ask(["imagine", f"a {{red, blue}} cat --model {tiny} --steps 1 --count 1"])
    texts = [read_recipe(path).prompt.text for path in answer.out.split()]
    assert texts == ["a red cat", "a blue cat"]


def test_a_recipe_tells_each_reference_by_its_role_and_what_is_avoided(
    ask: Ask, tiny: str, hero: str
) -> None:
    line = f"{hero} a cat --sref {hero}::2 --no hat --model {tiny} --steps 1 --count 1"
    made = ask(["imagine", f"{line} --seed 3"]).out.split()[0]
    told = ask(["recipe", made]).out.splitlines()
    assert "avoids    hat" in told
    assert "image     hero.png" in told
    assert "style     hero.png (weight 2)" in told
    assert not any(line.startswith(("picture", "character", "run as")) for line in told)


def test_a_random_style_is_written_down_as_its_code(ask: Ask, tiny: str) -> None:
    answer = ask(["imagine", f"a cat --sref random --model {tiny} --steps 1 --count 1"])
    [reference] = read_recipe(answer.out.split()[0]).prompt.references
    assert reference.code is not None
    assert 0 <= int(reference.code) < 2**32


def test_an_early_stop_and_a_lower_quality_make_other_pictures(ask: Ask, tiny: str) -> None:
    line = f"a cat --seed 3 --model {tiny} --steps 4 --count 1"
    made = {
        more: ask(["imagine", f"{line} {more}"]).out.split()[0]
        for more in ("", "--stop 50", "--q 0.5", "--tile", "--no dog", "--iw 1")
    }
    pixels = {more: open_picture(path).tobytes() for more, path in made.items()}
    assert len({pixels[m] for m in ("", "--stop 50", "--q 0.5", "--tile", "--no dog")}) == 5
    assert pixels["--iw 1"] == pixels[""]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("role", "line"),
    [
        ("image", "{hero} a cat --iw 2"),
        ("style", "a cat --sref {hero} --sw 300"),
        ("style", "a cat --sref {hero}::1::reference-only"),
        ("style", "a cat --sref {hero}::1::start"),
        ("character", "a cat --cref {hero} --cw 50"),
    ],
)
def test_a_reference_of_another_size_bends_the_picture_and_is_found_again(
    ask: Ask, tiny: str, hero: str, role: str, line: str
) -> None:
    brief = f"--seed 3 --model {tiny} --steps 3 --count 2 --ar 3:2"
    plain = ask(["imagine", f"a cat {brief}"]).out.split()
    answer = ask(["imagine", f"{line.format(hero=hero)} {brief}"])
    assert answer.code == 0, answer.err
    bent = answer.out.split()
    assert open_picture(bent[0]).size == open_picture(plain[0]).size
    assert open_picture(bent[0]).tobytes() != open_picture(plain[0]).tobytes()
    assert [one.role for one in read_recipe(bent[0]).prompt.references] == [role]
    again = ask(["again", bent[1]])
    assert (again.code, again.err) == (0, "")
    assert open_picture(again.out.strip()).tobytes() == open_picture(bent[1]).tobytes()


def test_references_of_all_roles_combine(ask: Ask, tiny: str, hero: str) -> None:
    line = f"{hero} a cat --sref {hero} --cref {hero} --model {tiny} --steps 2 --count 1"
    answer = ask(["imagine", line])
    assert answer.code == 0, answer.err
    recipe = read_recipe(answer.out.split()[0])
    assert [one.role for one in recipe.prompt.references] == ["image", "style", "character"]


@pytest.mark.parametrize(
    ("line", "said", "under"),
    [
        ("--ar 3:2 a cat", "", "a"),
        ("a cat --srf hero.png", "did you mean --sref?", "--srf"),
        ("a cat --chaos 101", "0 to 100", "101"),
        ("a cat --seed -1", "0 to 4294967295", "-1"),
        ("a cat --cw 10", "`--cw`", "--cw"),
        ("a cat --sref", "needs a value", "--sref"),
        ("hero.png", "vary", "hero.png"),
        ("--cref hero.png", "words", "--cref"),
        ("a cat --cref hero.png --v 7", "not compatible with `--version 7`", "--cref"),
        ("a::1 b::-2", "more than 0", "a"),
        ("a {red, blue cat", "never closed", "{"),
        ("a cat --no", "needs a value", "--no"),
        ("a cat --sref notes.txt", "pictures end in", "notes.txt"),
    ],
)
def test_a_wrong_line_is_pointed_at(
    ask: Ask, hero: str, own_place: Path, line: str, said: str, under: str
) -> None:
    answer = ask(["imagine", line])
    assert (answer.code, answer.out) == (2, ""), answer.err
    message, text, caret = answer.err.splitlines()
    assert said in message
    assert text[caret.index("^") :].startswith(under)
    assert [path.name for path in own_place.iterdir()] == [hero]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("a cat --sref gone.png", "gone.png"),
        ("a cat --cref http://127.0.0.1:9/a.png", "127.0.0.1 is a private address"),
        ("a cat --sref broken.png", "broken.png"),
        ("a cat --sref @nobody", "nobody"),
        ("a cat --sref " + "hero.png " * 30, "10 pictures at most, not on 30"),
        ("a cat --sref hero.png::1::image-prompt", "image-prompt is no mechanism"),
        ("a cat --sref hero.png::1::stile", "there is no mechanism stile"),
        ("a cat --region hero.png", "for vary"),
    ],
)
def test_pictures_that_cannot_be_leaned_on_are_one_line(
    ask: Ask, hero: str, own_place: Path, tiny: str, line: str, said: str
) -> None:
    Path("broken.png").write_text("no picture")
    answer = ask(["imagine", line, "--model", tiny])
    assert (answer.code, answer.out) == (2, ""), answer.err
    assert said in answer.err
    assert answer.err.count("\n") == 1
    assert sorted(path.name for path in own_place.iterdir()) == ["broken.png", hero]
