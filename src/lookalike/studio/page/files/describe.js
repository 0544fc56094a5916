// Prompts from pictures.
import { choices } from "./api.js";
import { page } from "./bus.js";
import { button, field, h, number, select, toast, trying } from "./dom.js";
import { board, recall } from "./jobs.js";
import { pictures } from "./pictures.js";

page("describe", "Describe", () => {
  const results = board();
  const shown = pictures({ label: "Picture to describe", most: 1, changed: () => { go.disabled = !shown.first; } });
  const by = select([["", "the model's own"]]);
  const usual = "The describer that was trained for the model, or phrases where there is none.";
  const about = h("p", { class: "quiet" }, usual);
  const count = number({ min: 1, max: 64, value: 4 });
  const go = button("Describe", trying(asked), { class: "main", disabled: true });
  choices().then(({ describers }) => {
    by.append(...Object.keys(describers).map((one) => h("option", { value: one }, one)));
    const told = () => { about.textContent = describers[by.value] ?? usual; };
    by.addEventListener("change", told);
  }).catch((fault) => toast(fault.message));

  async function asked() {
    await results.ask("describe", { pictures: shown.value, by: by.value, count: Number(count.value) || 4 });
  }

  recall(results, ["describe"]);
  const node = h("div", {}, h("h1", {}, "Describe"), h("div", { class: "two" },
    h("form", { class: "card", onsubmit: (event) => event.preventDefault() }, shown.node,
      h("div", { class: "fields" }, field("Describer", by), field("Prompts", count)), about,
      h("div", { class: "row end" }, go)),
    results.node));
  return { node, take: ({ picture, ...about }) => { shown.add(picture, about); } };
});
