// A picture, opened: what it is, how it was made, and what can be done with it.
import { faceOf, fileOf, patch, post, put, remove } from "./api.js";
import { go } from "./bus.js";
import { compare, remembered } from "./compare.js";
import { button, copy, dialog, field, h, select, toast, trying } from "./dom.js";
import { altOf, plain, varied } from "./jobs.js";

const dates = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "short" });

/** Open an item of the history; `changed` is told when it was starred or deleted. */
export function view(item, changed = () => {}) {
  const box = dialog(item.kind === "description" ? "Description" : `${item.kind[0].toUpperCase()}${item.kind.slice(1)} ${item.id}`,
    h("div", { class: "viewer" }, shown(item), told(item, changed, () => box.close())));
  return box;
}

function shown(item) {
  if (!item.picture && (item.file === null || item.gone || ["embedding", "character"].includes(item.kind))) {
    const why = item.gone ? "Its file was removed for want of space; the recipe makes it again." : "There is no picture of this.";
    return h("div", { class: "shown" }, h("p", {}, why));
  }
  const small = item.width && item.width <= 128 ? "small-picture" : "";
  return h("div", { class: "shown" }, h("img", { src: faceOf(item), alt: altOf(item), width: item.width, height: item.height, class: small }));
}

function told(item, changed, close) {
  const pressed = () => String(item.starred);
  const star = button(item.starred ? "★ Starred" : "☆ Star", trying(async () => {
    item.starred = !item.starred;
    await patch(`/v1/history/${item.id}`, { starred: item.starred });
    star.textContent = item.starred ? "★ Starred" : "☆ Star";
    star.setAttribute("aria-pressed", pressed());
    changed(item);
  }), { "aria-pressed": pressed() });
  const leave = (act) => trying(async () => { await act(); close(); });
  return h("div", {},
    h("p", { class: "mono" }, plain(item.text) || "without words"),
    h("div", { class: "row" }, star,
      item.text && button("Copy the prompt", () => copy(item.text, "The prompt")),
      item.text && button("Into the prompt", leave(() => go("imagine", { text: item.kind === "saved" ? `${item.picture} ` : item.text }))),
      item.record.seeds && button("Copy the recipe", () => copy(JSON.stringify(item.record, null, 1), "The recipe")),
      item.job && button("Again", leave(again(item)))),
    item.picture && onward(item, leave),
    item.picture && !["character", "saved"].includes(item.kind) && saving({ picture: item.picture }),
    item.kind === "character" && saving({ character: item.id }),
    recipe(item),
    h("div", { class: "row end" },
      item.file && h("a", { class: "button", href: fileOf(item), download: `lookalike-${item.id}${item.file.slice(64)}` }, "Download"),
      button(item.kind === "saved" ? "Forget" : "Delete", trying(() => deleted(item, changed, close)), { class: "danger" })));
}

const again = (item) => async () => {
  go("imagine", { job: await post(`/v1/jobs/${item.job}/retry`) });
};

function onward(item, leave) {
  const { picture, width, height } = item;
  const like = (strength) => leave(async () => go("imagine", { job: await post("/v1/vary", varied(item, strength)) }));
  const lean = select([["image", "an image"], ["style", "a style"], ["character", "a character"]], { "aria-label": "Role" });
  return [
    h("h3", {}, "Go on from it"),
    h("div", { class: "row" },
      button("Vary subtly", like("subtle")), button("Vary strongly", like("strong")),
      button("Change a part", leave(() => go("change", { picture, width, height, text: item.text }))),
      button("Describe", leave(() => go("describe", { picture }))),
      button("Blend", leave(() => go("blend", { picture }))),
      button("Restyle", leave(() => go("restyle", { picture }))),
      button("What is like it", leave(() => go("history", { like: picture })))),
    h("div", { class: "row" }, button("Lean on it as", leave(() => go("imagine", { reference: { picture, role: lean.value } }))), lean,
      button(remembered() ? "Compare with the one kept in mind" : "Keep in mind, to compare", () => compare(item))),
  ];
}

/** A form that keeps a picture, or a character, under a name. */
export function saving(what) {
  const name = h("input", { type: "text", maxlength: 40, pattern: "[a-z0-9][a-z0-9\\-]*", placeholder: "blue-hero", autocapitalize: "off" });
  const save = trying(async () => {
    const said = name.value.trim().replace(/^@/, "");
    await put(`/v1/library/${encodeURIComponent(said)}`, what);
    toast(`saved: write @${said} in a prompt`);
  });
  return h("form", { class: "row", onsubmit: (event) => { event.preventDefault(); save(); } },
    field("Save as @", name), h("button", {}, "Save"));
}

function recipe(item) {
  const { record } = item;
  const own = record.prompt?.settings ?? {};
  const lines = {
    kind: item.kind, made: dates.format(new Date(item.created * 1000)), by: record.made_by ?? record.by,
    size: item.width ? `${item.width} × ${item.height}` : null, model: record.model,
    seed: record.seeds?.[record.index ?? 0], steps: own.steps, guidance: own.guidance ?? record.guidance,
    options: record.options && Object.keys(record.options).length
      ? Object.entries(record.options).map(([name, value]) => `${name} ${value}`).join(", ") : null,
    "read as": record.resolved, "cut off": record.cut, seconds: record.seconds?.toFixed?.(1), likeness: item.likeness?.toFixed(3),
  };
  const said = Object.entries(lines).filter(([, value]) => value !== null && value !== undefined && value !== "");
  return [
    h("h3", {}, "How it was made"),
    h("dl", { class: "recipe" }, said.map(([name, value]) => [h("dt", {}, name), h("dd", {}, String(value))])),
    h("details", {}, h("summary", {}, "The whole record"), h("pre", {}, JSON.stringify(record, null, 1))),
  ];
}

async function deleted(item, changed, close) {
  const sure = await new Promise((done) => {
    const box = dialog("Delete it?", [
      h("p", {}, item.starred ? "It is starred. What is deleted cannot be had back." : "What is deleted cannot be had back."),
      h("div", { class: "row end" }, button("Delete", () => { done(true); box.close(); }, { class: "danger" })),
    ], { class: "narrow" });
    box.addEventListener("close", () => done(false));
  });
  if (!sure) return;
  await remove(item.kind === "saved" ? `/v1/library/${item.record.name}` : `/v1/history/${item.id}`);
  close();
  changed(null);
}
