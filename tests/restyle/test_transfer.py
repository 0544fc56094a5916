"""What a transfer promises: nearer to the style, bounded, stoppable, the same each time."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from lookalike.core.errors import OptionError, PictureError
from lookalike.models.vgg import Vgg
from lookalike.restyle.asking import check_layers, regions, style_weights
from lookalike.restyle.colours import recoloured, with_colours_of
from lookalike.restyle.options import PRESETS, Restyle, options_of, weights
from lookalike.restyle.pixels import check_result, picture, sizes
from lookalike.restyle.transfer import Step, Style, finished, transfer

FEW: dict[str, Any] = {
    "size": 72,
    "scales": 2,
    "first_steps": 6,
    "steps": 4,
    "precision": "float32",
}


def steps(
    vgg: Vgg, content: Image.Image, style: Style | list[Style], preset: str = "best", **given: Any
) -> list[Step]:
    styles = style if isinstance(style, list) else [style]
    return list(transfer(vgg, content, styles, options_of(preset, {**FEW, **given})))


@pytest.mark.parametrize("preset", PRESETS)
def test_every_preset_comes_nearer_to_the_style(
    vgg: Vgg, house: Image.Image, stripes: Image.Image, preset: str
) -> None:
    found = steps(vgg, house, Style(stripes), preset, scales=1, first_steps=12)
    assert found[-1].style < 0.9 * found[0].style


@pytest.mark.parametrize("loss", ["w2", "gram", "both"])
@pytest.mark.parametrize("init", ["colours", "style", "noise"])
def test_every_beginning_and_loss_comes_nearer(
    vgg: Vgg, house: Image.Image, stripes: Image.Image, init: str, loss: str
) -> None:
    given = {"gram_weight": 0.5} if loss == "both" else {"loss": loss}
    found = steps(vgg, house, Style(stripes), init=init, scales=1, first_steps=12, **given)
    assert found[-1].loss < found[0].loss


def test_it_begins_in_each_styles_colours_where_the_style_goes(
    vgg: Vgg, house: Image.Image
) -> None:
    left = Image.new("L", house.size, 0)
    left.paste(255, (0, 0, 48, 64))
    places = regions([("left", left)], 2, house.size)
    plain = [Image.new("RGB", (64, 64), colour) for colour in ("#a02020", "#2020a0")]
    shown = [Style(one, mask=mask) for one, mask in zip(plain, places, strict=True)]
    begun = {"init": "colours", "scales": 1, "first_steps": 1, "rate": 1e-6}
    made = np.asarray(picture(steps(vgg, house, shown, **begun)[-1].best), int)
    assert np.abs(made[:, :30] - [160, 32, 32]).max() <= 10
    assert np.abs(made[:, -30:] - [32, 32, 160]).max() <= 10
    both = [Style(plain[0], 3), Style(plain[1], 1)]
    made = np.asarray(picture(steps(vgg, house, both, **begun)[-1].best), int)
    assert np.abs(made - [128, 32, 64]).max() <= 10


def test_both_distances_are_one_and_a_share_of_the_other(
    vgg: Vgg, house: Image.Image, stripes: Image.Image
) -> None:
    def style(**given: Any) -> float:
        return steps(vgg, house, Style(stripes), scales=1, first_steps=1, **given)[0].style

    both = style(loss="w2") + 0.3 * style(loss="gram")
    assert style(loss="w2", gram_weight=0.3) == pytest.approx(both, 1e-5)
    assert style(loss="gram", gram_weight=0.3) == style(loss="gram")


def test_roots_that_serve_for_some_steps_lead_nearly_as_far(
    vgg: Vgg, house: Image.Image, stripes: Image.Image
) -> None:
    exact, lazy = (
        steps(vgg, house, Style(stripes), scales=1, first_steps=24, rate=0.01, refresh=refresh)
        for refresh in (1, 4)
    )
    assert [exact[0].loss, exact[0].style] == [lazy[0].loss, lazy[0].style]
    assert lazy[1].loss < exact[1].loss  # of which the second step takes a lower bound
    # Steps 5, 9, … measure anew, and find what was gained.
    assert lazy[20].loss < 1.1 * exact[20].loss < 0.7 * exact[0].loss


def test_steps_are_counted_over_all_sizes_and_grow(
    vgg: Vgg, house: Image.Image, stripes: Image.Image
) -> None:
    found = steps(vgg, house, Style(stripes))
    assert [step.step for step in found] == list(range(1, 11))
    assert {step.of for step in found} == {10}
    sides = [step.best.shape[3] for step in found]
    assert sides == [51] * 6 + [72] * 4


def test_pixels_stay_within_bounds(vgg: Vgg, house: Image.Image, stripes: Image.Image) -> None:
    found = steps(vgg, house, Style(stripes), rate=1.0)
    assert all(float(s.best.min()) >= 0 and float(s.best.max()) <= 1.0001 for s in found)


def test_the_same_options_paint_the_same_picture(
    vgg: Vgg, house: Image.Image, stripes: Image.Image
) -> None:
    one, other = (steps(vgg, house, Style(stripes), init="noise", seed=3)[-1] for _ in range(2))
    assert torch.equal(one.best, other.best)
    assert not torch.equal(one.best, steps(vgg, house, Style(stripes), init="noise")[-1].best)


def test_stopping_early_has_the_best_of_the_steps_done(
    vgg: Vgg, house: Image.Image, stripes: Image.Image
) -> None:
    work = transfer(vgg, house, [Style(stripes)], options_of("best", FEW))
    early = [next(work) for _ in range(5)][-1]
    work.close()
    assert (
        picture(early.best).tobytes()
        == picture(steps(vgg, house, Style(stripes))[4].best).tobytes()
    )


def test_without_a_mean_the_best_is_the_newest_and_with_l_bfgs_the_least(
    vgg: Vgg, house: Image.Image, stripes: Image.Image
) -> None:
    found = steps(vgg, house, Style(stripes), "gatys2016", scales=1, first_steps=20)
    least = min(range(len(found)), key=lambda at: found[at].loss)
    assert torch.equal(found[-1].best, found[least].best)


def test_a_style_of_weight_nothing_changes_nothing(
    vgg: Vgg, house: Image.Image, stripes: Image.Image
) -> None:
    plain = Image.new("RGB", (64, 64), "#804020")
    alone = steps(vgg, house, Style(stripes))[-1]
    both = steps(vgg, house, [Style(stripes), Style(plain, 0.0)])[-1]
    torch.testing.assert_close(alone.best, both.best, atol=2e-3, rtol=0)


def test_pixels_outside_of_all_masks_stay(
    vgg: Vgg, house: Image.Image, stripes: Image.Image
) -> None:
    mask = Image.new("L", house.size, 0)
    mask.paste(255, (0, 0, 48, 64))
    found = steps(vgg, house, Style(stripes, mask=mask), size=96, scales=1)[-1]
    made = np.asarray(picture(found.best), int)
    apart = np.abs(made - np.asarray(house, int)).max(2)
    assert apart[:, 49:].max() == 0
    assert apart[:, :47].mean() > 1


def test_each_style_goes_where_its_mask_is_white(
    vgg: Vgg, house: Image.Image, stripes: Image.Image
) -> None:
    left = Image.new("L", house.size, 0)
    left.paste(255, (0, 0, 48, 64))
    first, second = regions([("left", left)], 2, house.size)
    red, blue = Image.new("RGB", (64, 64), "#ff0000"), Image.new("RGB", (64, 64), "#0000ff")
    shown = [Style(red, mask=first), Style(blue, mask=second)]
    options = {"style_layers": "relu1_1", "content_weight": 0, "first_steps": 40, "rate": 0.05}
    made = np.asarray(picture(steps(vgg, house, shown, scales=1, **options)[-1].best), int)
    middle = made.shape[1] // 2
    redder = made[..., 0] - made[..., 2]
    assert redder[:, : middle - 2].mean() > redder[:, middle + 2 :].mean() + 40


def test_kept_colours_are_the_contents(vgg: Vgg, house: Image.Image, stripes: Image.Image) -> None:
    options = options_of("best", {**FEW, "keep_colours": True})
    *_, last = transfer(vgg, house, [Style(stripes)], options)
    made = finished(last.best, house, options)
    small = house.resize(made.size, Image.Resampling.LANCZOS)
    hues = [np.asarray(one.convert("YCbCr"), float)[..., 1:].mean((0, 1)) for one in (made, small)]
    np.testing.assert_allclose(hues[0], hues[1], atol=6)


def test_a_recoloured_picture_has_the_others_mean_and_covariance() -> None:
    generator = np.random.default_rng(0)
    one, other = (
        Image.fromarray((generator.normal(mean, wide, (40, 40, 3)).clip(0, 255)).astype(np.uint8))
        for mean, wide in ((90, 20), (140, 12))
    )
    made = np.asarray(recoloured(one, other), float).reshape(-1, 3)
    wanted = np.asarray(other, float).reshape(-1, 3)
    np.testing.assert_allclose(made.mean(0), wanted.mean(0), atol=0.5)
    np.testing.assert_allclose(np.cov(made.T), np.cov(wanted.T), atol=4)


def test_colours_of_a_picture_leave_the_others_lightness() -> None:
    light = Image.linear_gradient("L").resize((32, 32)).convert("RGB")
    made = with_colours_of(light, Image.new("RGB", (32, 32), "#807070"))
    apart = np.asarray(made.convert("L"), int) - np.asarray(light.convert("L"), int)
    assert abs(apart[4:-4]).max() <= 2  # where the hue fits between black and white


def test_sizes_grow_by_the_root_of_two_and_leave_out_the_too_small() -> None:
    assert sizes((400, 200), 512, 3) == [(256, 128), (362, 181), (512, 256)]
    assert sizes((40, 40), 64, 16) == [(32, 32), (45, 45), (64, 64)]
    assert sizes((1000, 40), 100, 4) == [(100, 4)]
    with pytest.raises(OptionError, match=r"100 x 4 pixels.* ask for --size 800"):
        check_result((1000, 40), 100)
    check_result((1000, 40), 800)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ([0, 0], r"weights \(0, 0\) sum to zero"),
        ([-1, 2], "a number of 0 to 1000, not -1, 2"),
        ([float("nan"), 1], "a number of 0 to 1000, not nan, 1"),
        ([1], "1 weights do not fit 2 styles"),
    ],
)
def test_weights_that_cannot_be_are_refused(given: list[float], said: str) -> None:
    with pytest.raises(OptionError, match=said):
        style_weights(2, given)


def test_masks_that_do_not_match_are_refused(house: Image.Image) -> None:
    white, black = Image.new("L", house.size, 255), Image.new("L", house.size, 0)
    with pytest.raises(
        PictureError, match=r"the mask m.png has 9 x 9 pixels, and the content 96 x 64"
    ):
        regions([("m.png", Image.new("L", (9, 9), 255))], 1, house.size)
    with pytest.raises(PictureError, match=r"the mask m.png is all black"):
        regions([("m.png", black)], 1, house.size)
    with pytest.raises(OptionError, match="3 masks do not fit 2 styles"):
        regions([("m.png", white)] * 3, 2, house.size)
    with pytest.raises(PictureError, match="leave nothing to the last style"):
        regions([("m.png", white)], 2, house.size)


@pytest.mark.parametrize(
    ("layers", "said"),
    [
        ("relu1_1:0", "should have a weight above 0"),
        ("relu1_1:-2", "should be layers with weights"),
        ("", "should be layers with weights"),
    ],
)
def test_layers_that_cannot_be_are_refused(layers: str, said: str) -> None:
    with pytest.raises(OptionError, match=said):
        options_of("best", {"style_layers": layers})


def test_an_unknown_layer_is_refused_and_a_near_one_named(vgg: Vgg) -> None:
    with pytest.raises(OptionError, match=r"has no layer 'relu4_9'; did you mean relu4_"):
        check_layers(vgg, Restyle(content_layers="relu4_9"))


def test_the_seed_documents_preset_is_its_recipe() -> None:
    made = options_of("seed-document")
    assert len(weights(made.content_layers)) == 1
    assert weights(made.style_layers) == {f"block{n}_conv1": 1.0 for n in range(1, 6)}
    assert (made.loss, made.relative, made.optimiser, made.init) == (
        "gram",
        False,
        "adam",
        "content",
    )
    assert (made.scales, made.pooling, made.average) == (1, "max", 0)


def test_an_unknown_preset_is_refused() -> None:
    with pytest.raises(OptionError, match=r"no preset 'gatys'; did you mean gatys2016\?"):
        options_of("gatys")
