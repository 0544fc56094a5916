// A picture painted in the manner of others.
import { page } from "./bus.js";
import { button, field, h, number, select, trying } from "./dom.js";
import { board, recall } from "./jobs.js";
import { pictures } from "./pictures.js";

page("restyle", "Restyle", () => {
  const results = board();
  const ready = () => { go.disabled = !shown.first || !styles.first; };
  const shown = pictures({ label: "Picture to paint over", most: 1, changed: ready });
  const styles = pictures({ label: "Pictures of the manner", most: 8, weights: true, changed: ready });
  const preset = select(["fast", "best", "gatys2016", "seed-document"]);
  const size = number({ min: 32, max: 1024, step: 1, placeholder: "the preset's" });
  const colours = h("input", { type: "checkbox" });
  const go = button("Restyle", trying(asked), { class: "main", disabled: true });

  async function asked() {
    const options = { ...(size.value ? { size: Number(size.value) } : {}), ...(colours.checked ? { keep_colours: true } : {}) };
    await results.ask("restyle", { picture: shown.first.picture, styles: styles.value, weights: styles.weights, preset: preset.value, options });
  }
  recall(results, ["restyle"]);
  const node = h("div", {}, h("h1", {}, "Restyle"), h("div", { class: "two" },
    h("form", { class: "card", onsubmit: (event) => event.preventDefault() }, shown.node, h("div", { class: "break" }), styles.node,
      h("div", { class: "fields" }, field("Preset", preset), field("Longer side, pixels", size)),
      h("label", { class: "check" }, colours, "keep the colours"), h("div", { class: "row end" }, go)),
    results.node));
  return { node, take: ({ picture, ...about }) => shown.add(picture, about) };
});
