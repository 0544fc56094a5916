"""The probe: it reads what it was taught, at any size, and is missed in one line."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from PIL import Image
from safetensors.torch import save_file

from lookalike.core.errors import ModelError
from lookalike.core.files import write_json
from lookalike.models.probe import Probe, ProbeNet

HEADS = {"colour": ["red", "green", "blue"], "light": ["dark", "bright"]}


def taught() -> ProbeNet:
    """A probe taught six plain pictures by a few steps of gradient descent."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        net = ProbeNet(HEADS, (8, 8), 8)
    shown, known = pictures()
    tensor = Probe(net).tensor(shown)
    wanted = {n: torch.tensor([HEADS[n].index(k[n]) for k in known]) for n in HEADS}
    optimiser = torch.optim.Adam(net.parameters(), 1e-2)
    for _ in range(60):
        optimiser.zero_grad()
        found = net(tensor)
        losses = [torch.nn.functional.cross_entropy(found[n], wanted[n]) for n in HEADS]
        torch.stack(losses).sum().backward()
        optimiser.step()
    return net


def pictures(side: int = 8) -> tuple[list[Image.Image], list[dict[str, str]]]:
    shown, known = [], []
    for place, colour in enumerate(HEADS["colour"]):
        for light, value in (("dark", 90), ("bright", 250)):
            channels = [0, 0, 0]
            channels[place] = value
            shown.append(Image.new("RGB", (side, side), tuple(channels)))
            known.append({"colour": colour, "light": light})
    return shown, known


@pytest.fixture(scope="module")
def net() -> ProbeNet:
    return taught()


@pytest.mark.parametrize("batch", [1, 4, 64])
def test_a_probe_reads_what_it_was_taught_in_order(net: ProbeNet, batch: int) -> None:
    shown, known = pictures()
    assert Probe(net).read(shown, batch) == known


def test_pictures_of_another_size_are_read_at_the_probes_own(net: ProbeNet) -> None:
    shown, known = pictures(side=24)
    assert Probe(net).tensor(shown).shape == (6, 3, 8, 8)
    assert Probe(net).read(shown) == known


def test_a_probe_comes_back_from_its_folder(net: ProbeNet, tmp_path: Path) -> None:
    half = {name: weight.half() for name, weight in net.state_dict().items()}
    save_file(half, tmp_path / "model.safetensors")
    write_json(tmp_path / "config.json", {"heads": net.names, "widths": [8, 8], "pixels": 8})
    shown, known = pictures()
    back = Probe.load(tmp_path)
    assert back.heads == HEADS
    assert back.read(shown) == known


def test_a_folder_without_a_probe_is_named_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="holds no probe") as raised:
        Probe.load(tmp_path)
    assert "\n" not in str(raised.value)
