// Pictures from words and other pictures.
import { post } from "./api.js";
import { page } from "./bus.js";
import { button, dialog, h, toast, trying } from "./dom.js";
import { board, recall } from "./jobs.js";
import { pictures } from "./pictures.js";
import { promptLine } from "./prompt.js";
import { settings } from "./settings.js";

const MANY = 4;

page("imagine", "Imagine", () => {
  const results = board();
  const chosen = settings({ changed: () => line.again() });
  const shown = pictures({ label: "References", roles: true, weights: true, changed: () => line.again() });
  const line = promptLine({
    label: "Prompt", submit: () => go.click(), rows: 3,
    placeholder: "a person with a beard, sky blue background --ar 3:2",
    besides: () => ({ references: shown.references, settings: chosen.value }),
  });
  const go = button("Imagine", trying(asked), { class: "main" });
  line.text.addEventListener("paste", pasted);

  async function asked() {
    const found = await line.read();
    if (!found) { line.focus(); return; }
    if (found.prompts.length > MANY && !(await agreed(found.prompts.length))) return;
    for (const prompt of found.prompts) await results.ask("imagine", { prompt, strict: false });
  }

  /** A recipe that was copied as JSON becomes the line that says the same. */
  async function pasted(event) {
    const text = event.clipboardData.getData("text").trim();
    const files = event.clipboardData.files;
    if (files.length) { event.preventDefault(); shown.files(files); return; }
    if (!text.startsWith("{")) return;
    event.preventDefault();
    try {
      const data = JSON.parse(text);
      const prompt = data.prompt ?? data;
      if (data.seeds) prompt.settings = { ...prompt.settings, seed: data.seeds[0] };
      const found = await post("/v1/read", { text: prompt });
      if (found.fault) throw new Error(found.fault.message);
      line.value = found.text;
    } catch (fault) {
      toast(`that is no recipe: ${fault.message}`);
    }
  }

  recall(results, ["imagine", "vary"]);
  const node = h("div", {}, h("h1", {}, "Imagine"), h("div", { class: "two" },
    h("form", { class: "card", onsubmit: (event) => event.preventDefault() }, line.node, shown.node, chosen.node,
      h("div", { class: "row end" }, h("small", {}, "Enter makes it; -- shows what can be set"), go)),
    results.node));
  return {
    node,
    shown: () => line.focus(),
    take: ({ text, reference, job }) => {
      if (text !== undefined) line.value = text;
      if (reference) shown.add(reference.picture, reference);
      if (job) results.add(job);
    },
  };
});

function agreed(count) {
  return new Promise((done) => {
    const box = dialog(`${count} prompts?`, [
      h("p", {}, `The choices in braces make ${count} prompts, and each is a job of its own.`),
      h("div", { class: "row end" }, button("Make them all", () => { done(true); box.close(); }, { class: "main" })),
    ], { class: "narrow" });
    box.addEventListener("close", () => done(false));
  });
}
