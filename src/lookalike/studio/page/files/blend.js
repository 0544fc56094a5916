// Two to five pictures together.
import { page } from "./bus.js";
import { button, h, trying } from "./dom.js";
import { board, recall } from "./jobs.js";
import { pictures } from "./pictures.js";
import { settings } from "./settings.js";

page("blend", "Blend", () => {
  const results = board();
  const shown = pictures({ label: "Two to five pictures", most: 5, weights: true, changed: () => { go.disabled = shown.value.length < 2; } });
  const chosen = settings();
  const go = button("Blend", trying(() => results.ask("blend", { pictures: shown.value, weights: shown.weights, settings: chosen.value })), { class: "main", disabled: true });
  recall(results, ["blend"]);
  const node = h("div", {}, h("h1", {}, "Blend"), h("div", { class: "two" },
    h("form", { class: "card", onsubmit: (event) => event.preventDefault() }, shown.node, chosen.node, h("div", { class: "row end" }, go)),
    results.node));
  return { node, take: ({ picture, ...about }) => shown.add(picture, about) };
});
