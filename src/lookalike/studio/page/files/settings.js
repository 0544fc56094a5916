// The settings that most jobs share; what is left empty is as the model has it.
import { choices } from "./api.js";
import { field, h, number, select } from "./dom.js";

/** Fields for settings; `value` holds those that were filled in. */
export function settings({ changed = () => {}, aspect = true } = {}) {
  const on = { oninput: changed };
  const model = select([["", "the studio's"]], { onchange: changed });
  choices().then((known) => known.models.forEach((one) => model.append(h("option", { value: one }, one)))).catch(() => {});
  const fields = {
    count: number({ min: 1, max: 64, step: 1, placeholder: 4, ...on }),
    seed: number({ min: 0, max: 2 ** 32 - 1, step: 1, placeholder: "by chance", ...on }),
    steps: number({ min: 1, max: 1000, step: 1, placeholder: 25, ...on }),
    guidance: number({ min: 0, max: 50, step: 0.5, placeholder: "the model's", ...on }),
    aspect: aspect && h("input", { type: "text", placeholder: "1:1", pattern: "[1-9][0-9]*:[1-9][0-9]*", ...on }),
    pixels: number({ min: 8, max: 4096, step: 8, placeholder: "the model's", ...on }),
  };
  const labels = { count: "Pictures", seed: "Seed", steps: "Steps", guidance: "Guidance", aspect: "Aspect", pixels: "Pixels" };
  const node = h("details", {}, h("summary", {}, "Seed, steps and more"),
    h("div", { class: "fields" }, Object.entries(fields).filter(([, one]) => one).map(([name, one]) => field(labels[name], one)),
      field("Model", model)));
  return {
    node,
    get value() {
      const said = {};
      for (const [name, one] of Object.entries(fields)) {
        if (one && one.value.trim()) said[name] = name === "aspect" ? one.value.trim() : Number(one.value);
      }
      if (model.value) said.model = model.value;
      return Object.keys(said).length ? said : undefined;
    },
  };
}
