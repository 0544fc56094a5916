"""Small folders laid out as DreamBench's and COCO's are."""

from __future__ import annotations

import json
from pathlib import Path

from PIL import Image

CLASSES = """Classes

subject_name,class
backpack,backpack
dog6,dog

Prompts

Object Prompts

prompt_list = [
'a {0} {1} in the jungle'.format(unique_token, class_token),
'a red {0} {1}'.format(unique_token, class_token),
"a {0} {1} on Mum's rug".format(unique_token, class_token)
]

Live Subject Prompts

prompt_list = [
'a {0} {1} wearing a santa hat'.format(unique_token, class_token),
'a wet {0} {1}'.format(unique_token, class_token)
]
"""


def picture(path: Path, colour: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (40, 30), colour).save(path)
    return path


def broken(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"\xff\xd8\xff\xe0 no picture")
    return path


def dreambench(folder: Path) -> Path:
    """The layout of google/dreambooth: pictures of two subjects, one of them broken."""
    place = folder / "dataset"
    for name, colours in {"backpack": ("red", "#aa0000"), "dog6": ("tan", "brown")}.items():
        for number, colour in enumerate(colours):
            picture(place / name / f"0{number}.jpg", colour)
    broken(place / "dog6" / "00.jpg")
    (place / "prompts_and_classes.txt").write_text(CLASSES, "utf-8")
    return folder


def plain(folder: Path) -> Path:
    """A folder of a user's own: two subjects, and prompts with {}."""
    picture(folder / "my_mug" / "a.png", "navy")
    picture(folder / "my_mug" / "b.png", "blue")
    picture(folder / "teddy" / "a.png", "brown")
    (folder / "empty").mkdir()
    (folder / "prompts.txt").write_text("a {} in the snow\n\nno subject\na red {}\n", "utf-8")
    return folder


def coco(folder: Path, count: int = 5) -> Path:
    """The layout of COCO 2017: numbered pictures, some captions each, one picture broken."""
    names = [f"{number:012d}.jpg" for number in range(1, count + 1)]
    for number, name in enumerate(names):
        picture(folder / "val2017" / name, f"#{40 * number:02x}8080")
    broken(folder / "val2017" / names[1])
    captions = [
        {"id": 100 + 10 * i + j, "image_id": i, "caption": f" Picture {i}, caption {j}. \n"}
        for i in range(1, count + 1)
        for j in (1, 0)
    ]
    images = [
        {"id": i, "file_name": name, "width": 40} for i, name in reversed([*enumerate(names, 1)])
    ]
    file = folder / "annotations" / "captions_val2017.json"
    file.parent.mkdir(parents=True)
    file.write_text(json.dumps({"info": {}, "images": images, "annotations": captions}), "utf-8")
    return folder
