// Who was saved under a name, to be called by it in prompts.
import { addressOf, get, remove } from "./api.js";
import { go, page } from "./bus.js";
import { button, field, h, number, toast, trying } from "./dom.js";
import { board, recall } from "./jobs.js";
import { draggable } from "./pictures.js";

page("characters", "Characters", () => {
  const list = h("ul", { class: "gallery" });
  const results = board();
  const count = number({ min: 1, max: 16, value: 4 });
  const seed = number({ min: 0, max: 2 ** 32 - 1, placeholder: "by chance" });
  const draw = button("Draw them", trying(() => results.ask("characters",
    { count: Number(count.value) || 4, ...(seed.value ? { settings: { seed: Number(seed.value) } } : {}) })), { class: "main" });
  const none = h("p", { class: "quiet", role: "status" });

  async function shown() {
    try {
      const { saved } = await get("/v1/library");
      list.replaceChildren(...saved.map(entry));
      none.textContent = saved.length ? `${saved.length} saved` : "Nobody is saved yet: open a picture, and save it under a name.";
    } catch (fault) {
      toast(fault.message);
    }
  }

  function entry(one) {
    const name = `@${one.name}`;
    const face = h("button", { type: "button", class: "tile", onclick: () => go("imagine", { text: `${name} ` }) },
      h("img", { src: addressOf(name), alt: `${one.kind} ${name}`, class: "small-picture", width: 128, height: 128 }));
    return h("li", {}, draggable(face, name), h("strong", {}, name), h("small", {}, `${one.kind}, ${one.saved}`),
      h("div", { class: "row" }, button("As a reference", () => go("imagine", { reference: { picture: name, role: "character" } })),
        button("Forget", trying(async () => { await remove(`/v1/library/${one.name}`); await shown(); }), { class: "danger", "aria-label": `Forget ${name}` })));
  }

  recall(results, ["characters"], 1);
  const fresh = h("form", { class: "card", onsubmit: (event) => event.preventDefault() }, h("h2", {}, "New characters"),
    h("p", { class: "quiet" }, "Drawn by the model's generator of characters, where it has one; each keeps its looks in every picture."),
    h("div", { class: "fields" }, field("How many", count), field("Seed", seed)), h("div", { class: "row end" }, draw));
  return { node: h("div", {}, h("h1", {}, "Characters"), none, list, h("div", { class: "two" }, fresh, results.node)), shown };
});
