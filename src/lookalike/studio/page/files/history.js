// Everything that was made or brought: newest first, by words, by likeness.
import { get, patch } from "./api.js";
import { go, page } from "./bus.js";
import { button, field, h, select, toast, trying } from "./dom.js";
import { plain, tile } from "./jobs.js";
import { pictures } from "./pictures.js";
import { view } from "./viewer.js";

const KINDS = [["", "everything"], ["picture", "pictures"], ["grid", "grids"], ["description", "descriptions"], ["upload", "uploads"], ["character", "characters"], ["saved", "saved names"], ["embedding", "embeddings"]];
const PAGE = 40;

page("history", "History", () => {
  const words = h("input", { type: "search", placeholder: "words of its prompt", oninput: soon, id: "search" });
  const kind = select(KINDS, { value: "picture", onchange: search });
  const starred = h("input", { type: "checkbox", onchange: search });
  const like = pictures({ label: "Like this picture", most: 1, changed: search });
  const list = h("ul", { class: "gallery" });
  const count = h("p", { class: "quiet", role: "status" });
  const more = button("More", trying(() => page_of(last)), { hidden: true });
  let timer = 0, turn = 0, last = null;

  function soon() {
    clearTimeout(timer);
    timer = setTimeout(search, 250);
  }

  function search() {
    return page_of(null).catch((fault) => toast(fault.message));
  }

  async function page_of(before) {
    const mine = ++turn;
    const query = { words: words.value, kind: kind.value, starred: starred.checked || null, before, limit: PAGE };
    const alike = like.first?.picture;
    const { items, unseen } = await get("/v1/history", alike ? { ...query, words: null, before: null, like: alike } : query);
    if (mine !== turn) return;
    if (before === null) list.replaceChildren();
    list.append(...items.map(entry));
    last = items.at(-1)?.id ?? null;
    more.hidden = Boolean(alike) || items.length < PAGE;
    const shown = list.children.length;
    const found = shown ? `${shown} shown${alike ? ", the most alike first" : ""}` : "Nothing is here yet that fits";
    count.textContent = unseen ? `${found}; ${unseen} still to be looked at` : found;
  }

  function entry(item) {
    const made = h("li", {});
    const changed = (now) => { if (now === null) made.remove(); else drawn(now); };
    function drawn(one) {
      const star = button(one.starred ? "★" : "☆", trying(async () => {
        drawn(await patch(`/v1/history/${one.id}`, { starred: !one.starred }));
        made.querySelector("button[data-star]").focus();
      }), { "aria-pressed": String(one.starred), "aria-label": `Star ${one.kind} ${one.id}`, "data-star": true });
      const open = () => view(one, changed);
      const pictured = one.picture || (one.kind === "description" && one.file);
      const face = pictured && one.kind !== "description" && !one.gone ? tile(one, undefined, open)
        : h("button", { type: "button", class: "tile text-tile", onclick: open }, one.text.slice(0, 160) || `${one.kind} ${one.id}`);
      const alike = one.likeness === null ? `${one.kind} ${one.id}` : `alike ${one.likeness.toFixed(2)}`;
      made.replaceChildren(face, h("p", { class: "words" }, plain(one.text) || "without words"),
        h("div", { class: "row" }, h("small", {}, alike), star));
    }
    drawn(item);
    return made;
  }

  const node = h("div", {}, h("h1", {}, "History"),
    h("form", { class: "card", role: "search", onsubmit: (event) => { event.preventDefault(); search(); } },
      h("div", { class: "two" },
        h("div", {}, field("Words", words),
          h("div", { class: "fields" }, field("Kind", kind), h("label", { class: "check" }, starred, "only starred"))),
        like.node)),
    count, list, more);
  return { node, shown: search, take: ({ like: picture }) => { like.clear(); if (picture) like.add(picture); } };
});

export const toHistory = (picture) => go("history", { like: picture });
