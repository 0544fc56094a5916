"""Pages are taken apart as their marks say, and readers do what they read."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.docs.acting import Reader, is_like, is_like_json, uncommented
from tests.docs.blocks import Block, blocks

PAGE = """# A page

<!-- test
number = 3
-->
<!-- brief: imagine mini+train: --steps 1 -->

Words, with `lookalike vary` among them.

<!-- quick -->
```python
print(number + 1)
```

<!-- output: about -->
```text
5
```

- a list

    ```sh
    make test  # it's all
    ```
"""


@pytest.fixture
def page(tmp_path: Path) -> Path:
    (tmp_path / "page.md").write_text(PAGE, "utf-8")
    return tmp_path / "page.md"


def test_a_page_is_taken_apart_in_order(page: Path) -> None:
    found = list(blocks(page))
    assert [block.kind for block in found] == ["setup", "brief", "python", "output", "shell"]
    assert [block.place for block in found][2] == "page.md:10"
    assert [block.quick for block in found] == [True, True, True, False, False]
    assert found[-1].text == "make test  # it's all\n"
    assert (found[1].detail, found[1].text) == ("imagine mini+train", "--steps 1")


def test_a_block_of_an_unknown_language_is_found_out(tmp_path: Path) -> None:
    (tmp_path / "page.md").write_text("```ini\na = 1\n```\n", "utf-8")
    assert [block.kind for block in blocks(tmp_path / "page.md")] == ["unknown"]


def test_a_reader_keeps_names_and_compares_what_is_printed(reader: Reader, page: Path) -> None:
    reader.follow(blocks(page))
    assert reader.names["number"] == 3
    with pytest.raises(AssertionError, match="page:2 shows"):
        reader.follow([Block("python", "print(4)", "page:1"), Block("output", "5", "page:2")])


def test_a_command_that_fails_and_is_not_said_to_is_told(reader: Reader) -> None:
    with pytest.raises(AssertionError, match="no --srf"):
        reader.follow([Block("shell", 'lookalike imagine "a --srf b.png"', "page:1")])
    reader.follow([Block("shell", 'lookalike imagine "a --srf b.png"', "page:1", wrong=True)])
    with pytest.raises(AssertionError):
        reader.follow([Block("shell", "lookalike version", "page:1", wrong=True)])


@pytest.mark.parametrize("line", ["rm -r folder", "make nothing-of-ours", "pip install x[y]"])
def test_a_line_that_nothing_is_known_of_is_told(reader: Reader, line: str) -> None:
    asked = line.replace("x[y]", "'lookalike[nothing]'")
    with pytest.raises(AssertionError):
        reader.follow([Block("shell", asked, "page:1")])


def test_what_pages_say_instead_is_read_so(reader: Reader) -> None:
    told = Block("stand-in", "version", "page:1", "verzion")
    reader.follow([told, Block("shell", "lookalike verzion", "page:2")])
    assert reader.printed.startswith("lookalike ")


def test_a_file_of_the_repository_stands_there_as_it_is_shown(reader: Reader) -> None:
    with pytest.raises(AssertionError, match="page:1"):
        reader.follow([Block("file", "nothing\n", "page:1", "examples/extending/colours.py")])


@pytest.mark.parametrize(
    ("shown", "about", "alike"),
    [
        ("keeps 89%  a person", False, True),
        ("keeps 84%  a person", False, False),
        ("keeps 84%  a person", True, True),
        ("keeps …  a person", False, True),
        ("keeps 89%   a person", True, False),
    ],
)
def test_output_is_what_is_printed_but_for_what_is_left_open(
    shown: str, about: bool, alike: bool
) -> None:
    assert is_like(shown, "first\nkeeps 89%  a person\nlast\n", about=about) is alike


def test_blanks_say_nothing_in_json() -> None:
    assert is_like_json('[{"a": 1.5, …}]', '[\n  {\n    "a": 1.25,\n    "b": 2\n  }\n]', about=True)


@pytest.mark.parametrize(
    ("line", "left"),
    [("vary GRID.png#3 x", "vary GRID.png#3 x"), ("make  # it's all", "make "), ("# a", "")],
)
def test_a_comment_begins_behind_a_blank(line: str, left: str) -> None:
    assert uncommented(line) == left
