"""The parameters as the command shows them, and as the guide does, which the code writes."""

from __future__ import annotations

import json
import re
import shlex

import pytest

from benchmarks.guides import PARAMETERS, of_parameters
from lookalike.cli.options import one_line
from lookalike.core.language import PROFILES, expand, parameters, read
from tests.cli.conftest import Ask

GUIDE = PARAMETERS.read_text("utf-8")
TABLES = re.compile(r"<!-- table.*?<!-- end -->", re.DOTALL)


def test_the_guides_tables_are_those_of_the_code() -> None:
    assert of_parameters(GUIDE) == GUIDE


def test_a_guide_without_the_tables_places_is_refused() -> None:
    with pytest.raises(SystemExit, match="lacks the place of the table parameters"):
        of_parameters("# Nothing here\n")


@pytest.mark.parametrize("name", [each.name for each in parameters()])
def test_the_guide_says_what_a_parameter_means_beside_the_tables(name: str) -> None:
    assert re.search(rf"`--{name}\b", TABLES.sub("", GUIDE))


def test_the_prompts_of_the_guide_can_be_read() -> None:
    (typed, *_) = re.findall(r"```sh\n(.*?)```", GUIDE, re.DOTALL)
    _, command, *words = shlex.split(typed)
    assert command == "imagine"
    prompt = read(one_line(words))
    assert {one.role for one in prompt.references} == {"image", "style"}
    assert len(expand("a {red, blue} bird --ar {1:1, 3:2}")) == 4
    assert "a {red, blue} bird --ar {1:1, 3:2}" in GUIDE


def test_the_python_of_the_guide_works(capsys: pytest.CaptureFixture[str]) -> None:
    (code,) = re.findall(r"```python\n(.*?)```", GUIDE, re.DOTALL)
    exec(compile(code, PARAMETERS.name, "exec"), {})
    assert "a cat::2 a garden --no dog --ar 3:2 --seed 7 --v 6" in capsys.readouterr().out


def test_a_version_shows_its_own_ranges(ask: Ask) -> None:
    six = ask(["parameters", "--v", "6"]).out
    five = ask(["parameters", "--niji", "5"]).out
    assert re.search(r"^--iw +a number from 0 to 3 +1 ", six, re.MULTILINE)
    assert re.search(r"^--iw +a number from 0 to 2 +1 ", five, re.MULTILINE)
    assert "--sref" in six
    assert "--sref" not in five


def test_without_a_version_every_version_has_a_column(ask: Ask) -> None:
    answer = ask(["parameters", "--markdown"])
    rows = [line.strip("| ").split(" | ") for line in answer.out.splitlines() if line]
    start = next(i for i, row in enumerate(rows) if row[1:] == list(PROFILES))
    found = {row[0]: dict(zip(PROFILES, row[1:], strict=True)) for row in rows[start + 2 :]}
    assert found["`--cref`"]["6"] == "yes"
    assert found["`--cref`"]["7"] == "–"
    assert found["`--quality`"]["7"] == "1, 2, 4"
    for name, profile in PROFILES.items():
        missing = {row for row, cells in found.items() if cells[name] == "–"}
        assert missing == {f"`--{lacked}`" for lacked in profile.lacks}


def test_programs_get_the_same_facts(ask: Ask) -> None:
    every = json.loads(ask(["parameters", "--json"]).out)["versions"]
    assert list(every) == ["any", *PROFILES]
    for name, entries in every.items():
        known = parameters(None if name == "any" else name)
        assert [each["name"] for each in entries] == [each.name for each in known]
        assert [each["high"] for each in entries] == [each.high for each in known]
    assert json.loads(ask(["parameters", "--v", "7", "--json"]).out)["versions"] == {
        "7": every["7"]
    }


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--v", "8"], "there is no version 8"),
        (["--niji", "7"], "niji 6"),
        (["--v", "6", "--niji", "6"], "exclude each other"),
    ],
)
def test_a_version_that_is_not_there_is_refused(ask: Ask, words: list[str], said: str) -> None:
    answer = ask(["parameters", *words])
    assert (answer.code, answer.out) == (2, "")
    assert said in answer.err
