"""IP-Adapter: pictures that the U-Net's layers look at, and nothing left of them behind."""

from __future__ import annotations

import copy
from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest
import torch
from torch import Tensor

from benchmarks.adapters import save_adapter
from lookalike.core.errors import OptionError
from lookalike.core.plan import Plan
from lookalike.core.records import Part, Prompt, Role, Settings
from lookalike.engine.plan import text_plan
from lookalike.engine.run import steps
from lookalike.models.backbone import Backbone
from lookalike.models.latent import LatentDiffusion
from lookalike.models.store import Models
from lookalike.refer import Referred, mechanisms
from tests.engine.tiny import noise_picture, tiny_backbone

WORDS = (Part(text="a cat"),)
A, B = noise_picture(seed=1), noise_picture(seed=2)


@pytest.fixture(scope="module")
def sdxl() -> LatentDiffusion:
    """A random SDXL backbone of 32 pixels; not to be changed by a test."""
    return tiny_backbone("sdxl")


@pytest.fixture(scope="module")
def mini() -> Iterator[Backbone]:
    """The model in the package; not to be changed by a test."""
    with Models(device="cpu").use("mini") as found:
        yield found


@pytest.fixture(params=["sd1", "sdxl", "mini"])
def any_backbone(request: pytest.FixtureRequest) -> Backbone:
    name: str = request.param
    return request.getfixturevalue("backbone" if name == "sd1" else name)


def adapter_for(backbone: Backbone, folder: Path, kind: str = "plain") -> str:
    vision = backbone.clip.vision.config
    width = vision.projection_dim if kind == "plain" else vision.hidden_size
    return str(save_adapter(folder / f"{kind}.safetensors", backbone.unet, width, kind))


def plan_of(backbone: Backbone, *parts: Part, **chosen: float) -> Plan:
    """A plan of two pictures and one step; without parts, of a cat."""
    settings = Settings.model_validate({"steps": 1} | chosen)
    prompt = Prompt(parts=parts or WORDS, settings=settings)
    return text_plan(backbone, prompt, [1, 2])


def shown(*pictures: Any, role: Role = "image") -> list[Referred]:
    """References of pictures, or of pairs of a picture and its weight."""
    pairs = [one if isinstance(one, tuple) else (one, 1.0) for one in pictures]
    return [Referred(picture, weight, role=role) for picture, weight in pairs]


def bent(backbone: Backbone, plan: Plan, weights: str, references: list[Referred]) -> Plan:
    return mechanisms.make("ip-adapter", {"weights": weights}).bend(backbone, plan, references)


def result(backbone: Backbone, plan: Plan) -> Tensor:
    *_, last = steps(backbone, plan)
    return last.preview


def state(backbone: Backbone) -> dict[str, object]:
    """All of a U-Net that an adapter could have changed."""
    unet = backbone.unet
    return {
        **unet.attn_processors,
        "projection": unet.encoder_hid_proj,
        "config": dict(unet.config),
        "weights": set(unet.state_dict()),
        "hooks": [len(m._forward_hooks) + len(m._forward_pre_hooks) for m in unet.modules()],
    }


def under(backbone: Backbone, plan: Plan, told: Any) -> Tensor:
    """What a bent plan's model sees in its start under a prompt."""
    denoise = backbone.denoise
    for wrap in plan.wraps:
        denoise = wrap(denoise)
    [inject] = plan.injections
    with inject(backbone), torch.no_grad():
        return denoise(plan.start, torch.tensor(500), told)


def test_it_leaves_no_trace(any_backbone: Backbone, tmp_path: Path) -> None:
    before, plan = state(any_backbone), plan_of(any_backbone, steps=2)
    chance = torch.random.get_rng_state()
    found = bent(any_backbone, plan, adapter_for(any_backbone, tmp_path), shown(A))
    plain = any_backbone.denoise(plan.start, torch.tensor(500), plan.unconditional)
    result(any_backbone, found)
    assert state(any_backbone) == before
    with closing(cast(Generator[object], steps(any_backbone, found))) as stopped:
        next(stopped)
        assert state(any_backbone) != before
    assert state(any_backbone) == before
    again = any_backbone.denoise(plan.start, torch.tensor(500), plan.unconditional)
    assert torch.equal(plain, again)
    assert torch.equal(chance, torch.random.get_rng_state())


def test_it_leaves_no_trace_where_the_run_breaks(
    backbone: LatentDiffusion, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = state(backbone)
    found = bent(backbone, plan_of(backbone), adapter_for(backbone, tmp_path), shown(A))

    def broken(*_: object) -> Tensor:
        raise RuntimeError("out of memory")

    monkeypatch.setattr(backbone, "denoise", broken)
    with pytest.raises(RuntimeError, match="out of memory"):
        result(backbone, found)
    assert state(backbone) == before


@pytest.mark.parametrize(
    ("role", "setting"), [("image", "image_weight"), ("style", "style_weight")]
)
def test_a_weight_of_zero_changes_nothing(
    backbone: LatentDiffusion, tmp_path: Path, role: Role, setting: str
) -> None:
    plan = plan_of(backbone, **{setting: 0.0})
    assert bent(backbone, plan, adapter_for(backbone, tmp_path), shown(A, role=role)) is plan


SCALES: list[tuple[Role, str, list[float]]] = [
    ("image", "image_weight", [0.5, 1.0, 3.0]),
    ("style", "style_weight", [50.0, 100.0, 300.0]),
]


@pytest.mark.parametrize(("role", "setting", "values"), SCALES)
def test_more_weight_moves_further_and_other_pictures_elsewhere(
    any_backbone: Backbone, tmp_path: Path, role: Role, setting: str, values: list[float]
) -> None:
    weights = adapter_for(any_backbone, tmp_path)
    plans = [plan_of(any_backbone, **{setting: value}) for value in values]
    made = [
        result(any_backbone, bent(any_backbone, plan, weights, shown(A, role=role)))
        for plan in plans
    ]
    other = result(any_backbone, bent(any_backbone, plans[-1], weights, shown(B, role=role)))
    assert all(plan.wraps == plan.injections == () for plan in plans)
    plain = result(any_backbone, plans[0])
    moved = [float((one - plain).norm()) for one in made]
    assert 0 < moved[0] < moved[1] < moved[2]
    assert not torch.allclose(made[-1], other, atol=1e-4)


def test_styles_are_injected_into_their_own_layers(sdxl: LatentDiffusion, tmp_path: Path) -> None:
    weights = adapter_for(sdxl, tmp_path)
    style = bent(sdxl, plan_of(sdxl), weights, shown(A, role="style"))
    before = dict(sdxl.unet.attn_processors)
    with style.injections[0](sdxl):
        now = sdxl.unet.attn_processors
    changed = [name for name in now if now[name] is not before[name]]
    assert changed
    assert all(name.startswith("up_blocks.0.attentions.1.") for name in changed)


def test_a_pictures_weight_counts_as_if_it_were_shown_so_often(
    backbone: LatentDiffusion, tmp_path: Path
) -> None:
    weights, plan = adapter_for(backbone, tmp_path), plan_of(backbone)
    made = [
        result(backbone, bent(backbone, plan, weights, shown(*pictures)))
        for pictures in (((A, 2.0), (B, 1.0)), (A, A, B), (A, B), ((A, 1.0), (B, 0.0)), (A,))
    ]
    torch.testing.assert_close(made[0], made[1])
    torch.testing.assert_close(made[3], made[4])
    assert not torch.allclose(made[0], made[2], atol=1e-4)


def test_a_negative_weight_is_refused(backbone: LatentDiffusion, tmp_path: Path) -> None:
    with pytest.raises(OptionError, match="negative weight"):
        bent(backbone, plan_of(backbone), adapter_for(backbone, tmp_path), shown((A, -1.0), B))


def test_only_what_is_asked_for_sees_the_picture(backbone: LatentDiffusion, tmp_path: Path) -> None:
    weights = adapter_for(backbone, tmp_path)
    plan = plan_of(backbone, *WORDS, Part(text="rain", weight=-0.5))
    a, b = (bent(backbone, plan, weights, shown(picture)) for picture in (A, B))
    words, rain = (one.embedding for one in plan.conditionings)
    for told in (plan.unconditional, rain):
        assert torch.equal(under(backbone, a, told), under(backbone, b, told))
        # No picture is something that an adapter knows, and not the model without it.
        assert not torch.equal(
            under(backbone, a, told), under(backbone, replace(a, wraps=()), told)
        )
    assert not torch.allclose(under(backbone, a, words), under(backbone, b, words), atol=1e-4)


def test_without_words_the_picture_is_the_prompt(backbone: LatentDiffusion, tmp_path: Path) -> None:
    plan = replace(plan_of(backbone, image_weight=0.0), conditionings=())
    found = bent(backbone, plan, adapter_for(backbone, tmp_path), shown(A))
    [only] = found.conditionings
    assert only.weight == 1
    seen, unseen = (under(backbone, found, t) for t in (only.embedding, plan.unconditional))
    assert not torch.allclose(seen, unseen, atol=1e-4)


def test_it_works_beside_shared_attention_in_either_order(
    backbone: LatentDiffusion, tmp_path: Path
) -> None:
    weights, before = adapter_for(backbone, tmp_path), state(backbone)
    faint: dict[str, object] = {"attention": 1e-7, "statistics": 0.0, "manner": 0.0}

    def image(plan: Plan) -> Plan:
        return bent(backbone, plan, weights, shown(A))

    def style(plan: Plan, options: dict[str, object]) -> Plan:
        made = mechanisms.make("style-aligned", options)
        return made.bend(backbone, plan, shown(B, role="style"))

    plan = plan_of(backbone)
    first, last = style(image(plan), {}), image(style(plan, {}))
    torch.testing.assert_close(result(backbone, first), result(backbone, last))
    for alone in (image(plan), style(plan, {})):
        assert not torch.allclose(result(backbone, first), result(backbone, alone), atol=1e-4)
    # A style that hardly counts leaves what the adapter does: its rows look at no picture.
    hardly = result(backbone, style(image(plan), faint))
    torch.testing.assert_close(hardly, result(backbone, image(plan)), atol=1e-3, rtol=1e-3)
    assert state(backbone) == before


def test_an_image_and_a_style_look_through_one_adapter(
    backbone: LatentDiffusion, tmp_path: Path
) -> None:
    weights, before = adapter_for(backbone, tmp_path), state(backbone)
    image = bent(backbone, plan_of(backbone), weights, shown(A))
    both = bent(backbone, image, weights, shown(B, role="style"))
    assert not torch.allclose(result(backbone, both), result(backbone, image), atol=1e-4)
    assert state(backbone) == before


def pipeline_of(backbone: LatentDiffusion) -> Any:
    """Diffusers' own pipeline around a copy of a backbone's U-Net, with its vision tower."""
    import diffusers
    from transformers import CLIPImageProcessor

    side = backbone.clip.preprocess.side
    towers = [(tower.model, tower.tokenizer) for tower in backbone.towers]
    texts, tokenizers = zip(*towers, strict=True)
    library: Any = diffusers
    name = "StableDiffusionPipeline" if len(texts) == 1 else "StableDiffusionXLPipeline"
    last = {"safety_checker": None, "requires_safety_checker": False} if len(texts) == 1 else {}
    return getattr(library, name)(
        backbone.vae,
        *texts,
        *tokenizers,
        unet=copy.deepcopy(backbone.unet),
        scheduler=library.DDIMScheduler(steps_offset=1, clip_sample=False),
        feature_extractor=CLIPImageProcessor(size=side, crop_size=side),
        image_encoder=backbone.clip.vision,
        **last,
    )


@pytest.mark.parametrize(
    ("family", "kind", "role"),
    [
        ("sd1", "plain", "image"),
        ("sd1", "full", "image"),
        ("sd1", "plus", "image"),
        ("sdxl", "plain", "image"),
        ("sdxl", "plus", "style"),
    ],
)
def test_it_agrees_with_diffusers_own_pipeline(
    request: pytest.FixtureRequest, tmp_path: Path, family: str, kind: str, role: Role
) -> None:
    backbone = request.getfixturevalue("backbone" if family == "sd1" else family)
    weights = adapter_for(backbone, tmp_path, kind)
    plan = plan_of(backbone, style_weight=80.0)
    found = bent(backbone, plan, weights, shown(A, B, role=role))

    theirs = pipeline_of(backbone)
    theirs.set_progress_bar_config(disable=True)
    theirs.load_ip_adapter(str(tmp_path), subfolder="", weight_name=f"{kind}.safetensors")
    styled = {"up": {"block_0": [0.0, 0.8]}} if family == "sdxl" else {"up": 0.8}
    theirs.set_ip_adapter_scale(styled if role == "style" else 0.5)
    embeds = theirs.prepare_ip_adapter_image_embeds([[A, B]], None, "cpu", 1, True)
    nothing, seen = embeds[0].chunk(2)

    ours: list[Tensor] = []
    keep: Callable[..., None] = lambda _, __, out: ours.append(out[0])  # noqa: E731
    hook = backbone.unet.register_forward_hook(keep)
    for told, shown_to_them in (
        (plan.conditionings[0].embedding, seen),
        (plan.unconditional, nothing),
    ):
        under(backbone, found, told)
        added = backbone.added(plan.start, told) or {}
        with torch.no_grad():
            expected = theirs.unet(
                plan.start,
                torch.tensor(500),
                encoder_hidden_states=told.tokens.expand(2, -1, -1),
                added_cond_kwargs=added
                | {"image_embeds": [shown_to_them.expand(2, *seen.shape[1:])]},
                return_dict=False,
            )[0]
        torch.testing.assert_close(ours[-1], expected, atol=1e-5, rtol=1e-5)
    hook.remove()
