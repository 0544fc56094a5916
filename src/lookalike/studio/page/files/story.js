// A picture for each of several prompts, all with one character.
import { choices } from "./api.js";
import { page } from "./bus.js";
import { button, field, h, select, toast, trying } from "./dom.js";
import { board, recall } from "./jobs.js";
import { pictures } from "./pictures.js";
import { settings } from "./settings.js";

const FEWEST = 2, MOST = 12;

page("story", "Story", () => {
  const results = board();
  const shown = pictures({ label: "The character, if there is a picture", most: 3 });
  const style = pictures({ label: "The style, if there is a picture", most: 3 });
  const list = h("ol", { class: "frames" });
  const chosen = settings();
  const wording = select([["", "none"]], { "aria-label": "A wording to add" });
  choices().then(({ presets }) => presets.forEach((one) => wording.append(h("option", { value: one.words }, `${one.name}: ${one.summary}`)))).catch((fault) => toast(fault.message));
  const more = button("One more picture", () => frame("").focus());
  const go = button("Tell it", trying(asked), { class: "main" });

  function frame(text) {
    const line = h("textarea", { rows: 2, "aria-label": "A prompt of the story" });
    line.value = text;
    const one = h("li", {}, line, button("Remove", () => { if (list.children.length > FEWEST) one.remove(); count(); }));
    list.append(one);
    count();
    return line;
  }
  function count() {
    more.disabled = list.children.length >= MOST;
  }
  async function asked() {
    const prompts = [...list.querySelectorAll("textarea")].map((one) => one.value.trim()).filter(Boolean)
      .map((one) => (wording.value ? `${one}, ${wording.value}` : one));
    await results.ask("story", { prompts, character: shown.value, style: style.value, settings: chosen.value });
  }
  frame("a person smiles");
  frame("the person is sad");
  recall(results, ["story"]);
  const node = h("div", {}, h("h1", {}, "Story"), h("div", { class: "two" },
    h("form", { class: "card", onsubmit: (event) => event.preventDefault() }, h("p", { class: "quiet" }, "A prompt for each picture, 2 to 12; the character of the first stays."),
      list, more, field("A wording to add", wording), shown.node, h("div", { class: "break" }), style.node, chosen.node, h("div", { class: "row end" }, go)),
    results.node));
  return { node, take: ({ picture, ...about }) => shown.add(picture, about) };
});
