// Jobs on the page: progress with previews, what they made, and the buttons below a grid.
import { faceOf, follow, get, post } from "./api.js";
import { go } from "./bus.js";
import { button, copy, h, select, toast, trying } from "./dom.js";
import { draggable } from "./pictures.js";
import { saving, view } from "./viewer.js";

const ENDED = ["done", "failed", "cancelled"];
const STRENGTHS = [["", "freely"], ["subtle", "subtly"], ["strong", "strongly"]];

/** A place for jobs, the newest first. */
export function board() {
  const node = h("section", { "aria-label": "Results" });
  const empty = h("p", { class: "quiet" }, "What is made appears here, and stays in the history.");
  node.append(empty);
  function add(job, size) {
    empty.remove();
    const made = card(job, add, size);
    node.prepend(made);
    return made;
  }
  async function ask(verb, body, size) {
    const made = add(await post(`/v1/${verb}`, body), size);
    // On a narrow window results stand below what asks for them.
    if (matchMedia("(max-width: 760px)").matches) made.scrollIntoView({ block: "nearest", behavior: "smooth" });
  }
  return { node, add, ask };
}

/** Words as people read them: names of files that nobody typed are cut short. */
export const plain = (text) => text.replace(/"?(sha256:[0-9a-f]{6})[0-9a-f]{58}"?/g, "$1…");

const titleOf = (job) => {
  const asked = job.request;
  const said = job.items[0]?.text || asked.text || asked.prompt?.parts?.map((one) => one.text).join(" ") || asked.prompts?.map?.((one) => one.parts.map((part) => part.text).join(" ")).join(" | ");
  return (said && plain(said)) || `${asked.pictures?.length ?? 1} ${asked.pictures?.length > 1 ? "pictures" : "picture"}`;
};

function card(job, add, size) {
  const title = h("h2", {});
  const state = h("span", { class: "quiet" });
  const stop = button("Stop", trying(() => post(`/v1/jobs/${job.id}/cancel`)));
  const bar = h("progress", { "aria-label": "Progress", max: 1, value: 0 });
  const glance = h("img", { alt: "", class: "glance", hidden: true });
  const to = expected(job, size), count = to.filter((one) => one.kind === "picture").length;
  if (count) shaped(glance, { width: Math.min(count, 2) * to[0].width, height: Math.ceil(count / 2) * to[0].height });
  const body = h("div", {}, h("div", { class: "to-be" }, ghost(job, to), glance));
  const node = h("article", { class: "card job", "aria-label": `${job.verb}`, onkeydown: keyed },
    h("header", {}, h("strong", {}, job.verb), state, stop, title, bar), body);
  let items = [];

  function keyed(event) {
    const place = "1234".indexOf(event.key);
    if (place < 0 || !items.length || event.target.matches("input, textarea, select") || event.ctrlKey || event.metaKey) return;
    const pressed = node.querySelector(`[data-key="${event.altKey ? "v" : "u"}${place + 1}"]`);
    if (pressed) { event.preventDefault(); pressed.click(); }
  }

  function told(name, data) {
    if (name === "progress") {
      bar.max = data.of;
      bar.value = data.step;
      state.textContent = `step ${data.step} of ${data.of}`;
    } else if (name === "preview") {
      glance.src = data.picture;
      glance.alt = "What is made out so far";
      glance.hidden = false;
    } else finished(data);
  }

  function finished(ended) {
    job = ended;
    stop.remove();
    bar.remove();
    title.textContent = titleOf(job);
    if (job.state === "done") {
      const seconds = job.ended - job.started;
      state.textContent = `${seconds.toFixed(seconds < 10 ? 1 : 0)} s`;
      items = job.items;
      body.replaceChildren(...made(job, items, add));
    } else {
      state.textContent = job.state;
      const why = job.error ? h("pre", { class: "wrong" }, job.error.message) : h("p", {}, "It was stopped.");
      body.replaceChildren(why, button("Try again", trying(async () => add(await post(`/v1/jobs/${job.id}/retry`)))));
    }
  }

  title.textContent = titleOf(job);
  if (ENDED.includes(job.state)) finished(job);
  else {
    state.textContent = job.ahead ? `waits for ${job.ahead} before it` : "waits";
    follow(job.id, told);
  }
  return node;
}

/** What a job will make, unseen, in the room that it takes: nothing moves when it is there. */
function ghost(job, items) {
  return h("div", { class: "ghost", inert: true, "aria-hidden": "true" }, made({ ...job, notes: [] }, items, () => {}));
}

/** What a job will make, as far as its request tells; `size` is that of the picture it goes on from. */
function expected(job, size) {
  const asked = job.request, many = (count, one) => Array.from({ length: count }, () => ({ ...one, ghost: true, text: "" }));
  if (job.verb === "describe") return many((asked.count ?? 4) * asked.pictures.length, { record: { score: 0, aspect: "1:1" } });
  const chosen = asked.prompt?.settings ?? asked.prompts?.[0]?.settings ?? asked.settings ?? {};
  const keeps = asked.mask || asked.region || ["zoom", "restyle"].includes(job.verb);
  const [width, height] = keeps && size?.width ? [size.width, size.height] : (chosen.aspect ?? "1:1").split(":").map(Number);
  const one = { kind: "picture", width, height, record: {} };
  if (job.verb === "characters") return [...many(asked.count, one), ...many(asked.count, { ...one, kind: "character" })];
  const count = job.verb === "restyle" ? 1 : asked.prompts?.length ?? chosen.count ?? 4;
  return [...many(count, one), ...(count > 1 ? many(1, { ...one, kind: "grid" }) : [])];
}

function made(job, items, add) {
  const notes = job.notes.length ? h("ul", { class: "notes" }, job.notes.map((one) => h("li", {}, one))) : null;
  if (job.verb === "describe") return [descriptions(items), notes].filter(Boolean);
  if (job.verb === "characters") return [people(items), notes].filter(Boolean);
  const shown = items.filter((one) => one.kind === "picture");
  if (!shown.length) return [h("p", {}, "It is in the history."), notes].filter(Boolean);
  const sheet = h("ul", { class: shown.length === 1 ? "sheet one" : "sheet" }, shown.map((one, place) => h("li", {}, tile(one, place))));
  return [sheet, job.verb === "restyle" ? null : below(shown, items, add), notes].filter(Boolean);
}

/** A picture as a button that opens it. */
export function tile(item, place, act = () => view(item)) {
  if (item.ghost) return shaped(h("div", { class: "tile" }), item);
  const small = item.width && item.width <= 128 ? "small-picture" : "";
  const image = h("img", { src: faceOf(item), alt: altOf(item, place), width: item.width, height: item.height, class: small, loading: "lazy" });
  const made = shaped(h("button", { type: "button", class: "tile", onclick: act }, image), item);
  return item.picture ? draggable(made, item.picture) : made;
}

function shaped(made, { width, height }) {
  if (width) made.style.aspectRatio = `${width} / ${height}`;
  return made;
}

export const altOf = (item, place) => item.withheld ? `Picture ${item.id}, withheld by the model's safety checker` :
  `${item.kind === "picture" && place !== undefined ? `Picture ${place + 1}` : item.kind}: ${item.text.slice(0, 200) || "no words"}`;

/** U takes a picture out whole; V makes new ones like it. */
function below(shown, items, add) {
  const how = select(STRENGTHS, { "aria-label": "How V varies" });
  const numbers = shown.slice(0, 12).map((_, place) => place);
  const vary = (place) => trying(async () => add(await post("/v1/vary", varied(shown[place], how.value)), shown[place]));
  const grid = items.find((one) => one.kind === "grid");
  return h("div", {},
    h("div", { class: "buttons" },
      numbers.map((place) => button(`U${place + 1}`, () => view(shown[place]), { "data-key": `u${place + 1}`, title: `Picture ${place + 1}, whole` })),
      numbers.map((place) => button(`V${place + 1}`, vary(place), { "data-key": `v${place + 1}`, title: `More like picture ${place + 1}` }))),
    h("div", { class: "row" }, h("label", { class: "row" }, "V varies", how),
      grid && button("The grid", () => view(grid))));
}

/** The request for pictures like one, as many and as careful as it was made. */
export function varied(item, strength) {
  const own = item.record.prompt?.settings ?? {};
  const settings = {};
  for (const name of ["model", "count", "steps", "guidance"]) if (own[name] != null) settings[name] = own[name];
  return { picture: item.picture, ...(strength ? { strength } : {}), ...(Object.keys(settings).length ? { settings } : {}) };
}

function descriptions(items) {
  return h("ol", { class: "prompts" }, items.map((one) => h("li", {}, h("p", {}, one.text),
    h("div", { class: "row" },
      h("small", {}, `score ${one.record.score.toFixed(2)}, ${one.record.aspect}`),
      button("Copy", () => copy(one.text, "The prompt")),
      button("Imagine this", () => go("imagine", { text: withAspect(one) }), { class: "main" })))));
}

/** New characters, each to be kept under a name. */
function people(items) {
  const cards = items.filter((one) => one.kind === "character");
  const faces = items.filter((one) => one.kind === "picture");
  return h("ul", { class: "sheet" }, cards.map((card, place) => h("li", {}, tile(faces[place], place), saving({ character: card.id }))));
}

const withAspect = (item) => (item.record.aspect && item.record.aspect !== "1:1" ? `${item.text} --ar ${item.record.aspect}` : item.text);

/** The newest jobs of some verbs, onto a board: what was asked before a reload is still there. */
export async function recall(onto, verbs, most = 4) {
  try {
    const { jobs } = await get("/v1/jobs", { limit: 30 });
    for (const one of jobs.filter((job) => verbs.includes(job.verb)).slice(0, most).reverse()) {
      onto.add(await get(`/v1/jobs/${one.id}`));
    }
  } catch (fault) {
    toast(fault.message);
  }
}
