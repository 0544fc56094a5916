"""What every reference mechanism promises, held over all that are registered."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import fields, replace
from itertools import combinations

import pytest
import torch
from PIL.Image import Image
from torch import Tensor

from benchmarks.adapters import save_adapter
from lookalike.core.embedding import Embedding
from lookalike.core.errors import OptionError
from lookalike.core.plan import Denoise, Plan
from lookalike.core.records import Part, Prompt, Reference, Role, Settings
from lookalike.engine.plan import embedding_plan, text_plan
from lookalike.engine.references import leaning
from lookalike.engine.run import run, steps
from lookalike.models.backbone import Backbone
from lookalike.models.latent import LatentDiffusion
from lookalike.refer import mechanisms
from lookalike.world.look import look
from lookalike.world.render import render
from tests.contract.methods import (
    assert_an_unknown_name_is_refused,
    assert_it_says_what_it_does,
    assert_options_are_described,
    assert_wrong_options_are_refused,
)
from tests.engine.tiny import noise_picture, tiny_backbone

WEIGHT: dict[Role, str] = {
    "image": "image_weight",
    "style": "style_weight",
    "character": "character_weight",
}
NOTHING_AT_ZERO = [
    name for name in mechanisms.names() if mechanisms.get(name).roles[0] != "character"
]
"""Character mechanisms keep the face at 0: it is from them that 0 asks for something."""

every_mechanism = pytest.mark.parametrize("name", mechanisms.names())
of_every_role = pytest.mark.parametrize(
    ("name", "role"), [(n, r) for n in mechanisms.names() for r in mechanisms.get(n).roles]
)


UNTRAINED = ("ip-adapter",)
"""Mechanisms whose weights are not here: random ones bend a plan, but towards nothing."""


@pytest.fixture(scope="module")
def tiny(shared_cache: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LatentDiffusion]:
    """A small random model: what is promised does not depend on what a model knows."""
    made = tiny_backbone()
    width = made.clip.vision.config.projection_dim
    path = save_adapter(tmp_path_factory.mktemp("adapter") / "a.safetensors", made.unet, width)
    ADAPTER.append(str(path))
    yield made
    ADAPTER.clear()


ADAPTER: list[str] = []
"""The file of random weights that mechanisms may read which have none of their own."""


def asked(**settings: object) -> Prompt:
    adapter = {"adapter": ADAPTER[0]} if ADAPTER else {}
    chosen = Settings.model_validate({"steps": 2, "guidance": 2.0, **adapter, **settings})
    return Prompt(parts=(Part(text="a red cat"),), settings=chosen)


def plan_of(backbone: Backbone, **settings: object) -> Plan:
    return text_plan(backbone, asked(**settings), (1, 2))


def bent(backbone: Backbone, plan: Plan, names: Sequence[str], picture: Image) -> Plan:
    """The plan, bent by each of the mechanisms in its first role."""
    references = [
        (Reference(source="a.png", role=mechanisms.get(n).roles[0], by=n), picture) for n in names
    ]
    return leaning(backbone, plan, references)


def end(backbone: Backbone, plan: Plan) -> Tensor:
    *_, last = steps(backbone, plan)
    return last.preview


@pytest.fixture(scope="module")
def alone(tiny: LatentDiffusion) -> dict[str, Tensor]:
    """What each mechanism makes of the same plan and picture; "" is what no reference makes."""
    plan, picture = plan_of(tiny), noise_picture()
    made = {name: end(tiny, bent(tiny, plan, [name], picture)) for name in mechanisms.names()}
    return {"": end(tiny, plan), **made}


def contents(plan: Plan) -> list[object]:
    """Everything in a plan that a mechanism could have written into, as it is now."""
    tensors = [plan.start, plan.unconditional.tokens]
    tensors += [one.embedding.tokens for one in plan.conditionings]
    kept: list[object] = [tensor.clone() for tensor in tensors]
    return [*kept, *(getattr(plan, f.name) for f in fields(plan) if f.name in ("first", "wraps"))]


def processors(backbone: LatentDiffusion) -> list[object]:
    return list(backbone.unet.attn_processors.values())


@every_mechanism
def test_a_mechanism_says_what_it_does(name: str) -> None:
    assert_it_says_what_it_does(name, mechanisms.get(name))
    assert mechanisms.get(name).roles


@every_mechanism
def test_every_option_of_a_mechanism_is_described(name: str) -> None:
    assert_options_are_described(mechanisms.get(name))


@every_mechanism
def test_a_wrong_option_of_a_mechanism_is_refused(name: str) -> None:
    assert_wrong_options_are_refused(mechanisms, name)


def test_an_unknown_mechanism_is_refused_with_the_nearest() -> None:
    assert_an_unknown_name_is_refused(mechanisms)


@every_mechanism
def test_the_plan_given_stays_as_it_is(name: str, tiny: LatentDiffusion) -> None:
    plan = plan_of(tiny)
    before = contents(plan)
    bent(tiny, plan, [name], noise_picture())
    for one, other in zip(before, contents(plan), strict=True):
        assert torch.equal(one, other) if isinstance(one, Tensor) else one == other


@every_mechanism
def test_a_run_leaves_no_trace_in_the_model(
    name: str, tiny: LatentDiffusion, alone: dict[str, Tensor]
) -> None:
    before = processors(tiny)
    plan = bent(tiny, plan_of(tiny), [name], noise_picture())
    assert processors(tiny) == before
    assert torch.equal(end(tiny, plan), alone[name])
    assert processors(tiny) == before
    stopped = steps(tiny, plan)
    next(stopped)
    stopped.close()
    assert processors(tiny) == before
    assert torch.equal(end(tiny, plan_of(tiny)), alone[""])


def failing(denoise: Denoise) -> Denoise:
    """A model that fails after it has answered."""

    def fails(x: Tensor, level: Tensor, told: Embedding) -> Tensor:
        raise ArithmeticError(str(denoise(x, level, told).shape))

    return fails


@every_mechanism
def test_a_run_that_fails_leaves_no_trace_in_the_model(name: str, tiny: LatentDiffusion) -> None:
    before = processors(tiny)
    plan = bent(tiny, plan_of(tiny), [name], noise_picture())
    with pytest.raises(ArithmeticError):
        end(tiny, replace(plan, wraps=(failing, *plan.wraps)))
    assert processors(tiny) == before


@pytest.mark.slow
@every_mechanism
def test_a_mechanism_is_deterministic(
    name: str, tiny: LatentDiffusion, alone: dict[str, Tensor]
) -> None:
    state = torch.random.get_rng_state()
    again = end(tiny, bent(tiny, plan_of(tiny), [name], noise_picture()))
    assert torch.equal(again, alone[name])
    assert not torch.equal(again, alone[""])
    assert torch.equal(torch.random.get_rng_state(), state)


@pytest.mark.parametrize("name", NOTHING_AT_ZERO)
def test_a_reference_of_weight_zero_changes_nothing(name: str, tiny: LatentDiffusion) -> None:
    weight = WEIGHT[mechanisms.get(name).roles[0]]
    plan = plan_of(tiny, **{weight: 0.0})
    bare = [picture.tobytes() for picture in run(tiny, plan)]
    leant = run(tiny, bent(tiny, plan, [name], noise_picture()))
    assert [picture.tobytes() for picture in leant] == bare


@pytest.mark.slow
@pytest.mark.parametrize("name", NOTHING_AT_ZERO)
def test_a_little_weight_changes_little(
    name: str, tiny: LatentDiffusion, alone: dict[str, Tensor]
) -> None:
    weight = WEIGHT[mechanisms.get(name).roles[0]]
    plan = plan_of(tiny, **{weight: 0.001})
    little = end(tiny, bent(tiny, plan, [name], noise_picture()))
    assert (little - alone[""]).norm() <= 0.1 * (alone[name] - alone[""]).norm()


@every_mechanism
def test_a_reference_may_have_any_size(name: str, tiny: LatentDiffusion) -> None:
    plan = text_plan(tiny, asked(aspect="3:2"), (1,))
    found = end(tiny, bent(tiny, plan, [name], noise_picture(9, 70)))
    assert found.shape == plan.start.shape
    assert bool(found.isfinite().all())


@every_mechanism
def test_a_run_may_start_late(name: str, tiny: LatentDiffusion) -> None:
    plan = embedding_plan(
        tiny, asked(), tiny.embed(["a cat"]), (1,), picture=noise_picture(seed=3), strength=0.5
    )
    found = end(tiny, bent(tiny, plan, [name], noise_picture()))
    assert bool(found.isfinite().all())


@pytest.mark.parametrize("names", list(combinations(mechanisms.names(), 2)))
def test_two_mechanisms_combine_to_something_of_their_own(
    names: tuple[str, str], tiny: LatentDiffusion, alone: dict[str, Tensor]
) -> None:
    both = end(tiny, bent(tiny, plan_of(tiny), names, noise_picture()))
    assert not any(torch.equal(both, alone[name]) for name in names)


@pytest.mark.slow
@every_mechanism
def test_several_references_share_by_their_weights(name: str, tiny: LatentDiffusion) -> None:
    role = mechanisms.get(name).roles[0]
    pictures = [noise_picture(seed=seed) for seed in (1, 2)]

    def found(*weights: float) -> Tensor:
        references = [
            (Reference(source=f"{i}.png", role=role, by=name, weight=w), picture)
            for i, (w, picture) in enumerate(zip(weights, pictures, strict=True))
        ]
        return end(tiny, leaning(tiny, plan_of(tiny), references))

    more_of_one = found(1, 3)
    torch.testing.assert_close(more_of_one, found(2, 6))
    assert not torch.allclose(more_of_one, found(3, 1), atol=1e-3)


@of_every_role
def test_references_that_all_weigh_nothing_are_refused(
    name: str, role: Role, tiny: LatentDiffusion
) -> None:
    reference = Reference(source="a.png", role=role, by=name, weight=0.0)
    with pytest.raises(OptionError) as raised:
        leaning(tiny, plan_of(tiny), [(reference, noise_picture())])
    assert "\n" not in str(raised.value)


SHOWN = look(
    "avataaars",
    skin="brown",
    hair="long",
    hair_colour="hot pink",
    facial_hair="none",
    glasses="sunglasses",
    mouth="smile",
    eyes="open",
    clothes="hoodie",
    clothes_colour="yellow",
    background="navy",
)


@pytest.mark.parametrize("name", [n for n in mechanisms.names() if n not in UNTRAINED])
def test_more_weight_is_more_likeness(name: str, mini: Backbone) -> None:
    role = mechanisms.get(name).roles[0]
    picture = render(SHOWN, mini.pixels)
    near: list[float] = []
    for weight in (0.0, {"image": 3.0, "style": 300.0, "character": 100.0}[role]):
        settings = {"steps": 4, "guidance": 3.0, WEIGHT[role]: weight}
        prompt = Prompt.of("a person with smile mouth", settings=Settings.model_validate(settings))
        plan = text_plan(mini, prompt, (1,))
        # Nothing asks for nothing of a character, whose face stays at 0.
        leans = [name] if weight or role != "character" else []
        seen = mini.clip.see([picture, *run(mini, bent(mini, plan, leans, picture))]).projected
        near.append(float(torch.cosine_similarity(seen[0], seen[1], dim=0)))
    assert near[0] < near[1]
