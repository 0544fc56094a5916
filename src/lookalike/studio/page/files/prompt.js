// The line a prompt is typed in: help with parameters, and errors under the word, as it is typed.
import { choices, post } from "./api.js";
import { fresh, h } from "./dom.js";

const PAUSE = 250;

/** A prompt line. `besides` gives references and settings that belong to it; `submit` is Enter. */
export function promptLine({ label, submit, besides = () => ({}), rows = 2, placeholder = "" }) {
  const names = { list: fresh("help"), said: fresh("said") };
  const text = h("textarea", {
    rows, placeholder, spellcheck: "false", autocapitalize: "off", "aria-describedby": names.said,
    "aria-autocomplete": "list", "aria-controls": names.list, oninput: typed, onkeydown: pressed,
    onclick: helped, onkeyup: (event) => { if (event.key.startsWith("Arrow") && list.hidden) helped(); },
    onblur: () => setTimeout(closed, 150),
  });
  const mirror = h("div", { class: "mirror", "aria-hidden": "true" });
  const list = h("ul", { class: "help", id: names.list, role: "listbox", "aria-label": "Parameters", hidden: true });
  const said = h("div", { class: "said", id: names.said, role: "status" });
  const node = h("div", {},
    h("label", { class: "field" }, h("span", {}, label), h("div", { class: "prompt" }, mirror, text, list)), said);
  let parameters = [], timer = 0, asked = 0, chosen = -1, offered = [];
  choices().then((known) => { parameters = known.parameters; }).catch(() => {});

  function typed() {
    marked(null);
    clearTimeout(timer);
    timer = setTimeout(read, PAUSE);
    helped();
  }

  /** What the line says now; null where it is wrong, and then the fault is shown. */
  async function read() {
    const turn = ++asked;
    const { references = [], settings } = besides();
    if (!text.value.trim() && !references.length) { said.replaceChildren(); marked(null); return null; }
    let found;
    try {
      found = await post("/v1/read", { text: text.value, references, settings });
    } catch (fault) {
      found = { prompts: [], notes: [], place: null, fault: { message: fault.message } };
    }
    if (turn === asked) told(found);
    return found.fault ? null : found;
  }

  function told(found) {
    // While a parameter's name is being typed, the help beside it says enough.
    if (found.fault && found.place && !list.hidden && offered.length) { marked(null); said.replaceChildren(); return; }
    const [first, ...under] = (found.fault?.message ?? "").split("\n");
    text.setAttribute("aria-invalid", String(Boolean(found.fault)));
    marked(found.fault ? found.place : null);
    const several = found.prompts.length > 1 ? `${found.prompts.length} prompts, one for each choice. ` : "";
    said.replaceChildren(...[
      found.fault && h("p", { class: "wrong" }, first),
      under.length > 0 && h("pre", { class: "wrong", "aria-hidden": "true" }, under.join("\n")),
      !found.fault && several && h("p", {}, several),
      ...found.notes.map((note) => h("pre", {}, note)),
    ].filter(Boolean));
  }

  function marked(place) {
    const letters = Array.from(text.value); // places count characters, and strings half of some
    if (!place) { mirror.replaceChildren(text.value); return; }
    const end = place.start + Math.max(1, place.length);
    const piece = (from, to) => letters.slice(from, to).join("");
    mirror.replaceChildren(piece(0, place.start), h("mark", {}, piece(place.start, end) || " "), piece(end));
  }

  function helped() {
    const before = text.value.slice(0, text.selectionStart);
    const word = /(?:^|\s)--([a-z-]*)$/i.exec(before);
    const within = /(?:^|\s)--([a-z-]+)\s+[^-]*$/i.exec(before);
    const known = (name) => parameters.find((one) => one.name === name || one.aliases.includes(name));
    offered = [];
    if (word) {
      const begun = word[1].toLowerCase();
      offered = parameters.filter((one) => [one.name, ...one.aliases].some((name) => name.startsWith(begun)));
    } else if (within && known(within[1].toLowerCase())) {
      const one = known(within[1].toLowerCase());
      list.replaceChildren(h("li", { role: "option", "aria-disabled": "true" }, told_of(one)));
      list.hidden = false;
      chosen = -1;
      return;
    }
    chosen = -1;
    list.replaceChildren(...offered.map((one, place) =>
      h("li", { role: "option", id: `${names.list}-${place}`, onmousedown: (event) => { event.preventDefault(); taken(place); } },
        told_of(one))));
    list.hidden = offered.length === 0;
    text.removeAttribute("aria-activedescendant");
  }

  function told_of(one) {
    const also = one.aliases.length ? ` (${one.aliases.map((each) => `--${each}`).join(", ")})` : "";
    const usual = one.default ? `; ${one.default} if unset` : "";
    return [h("code", {}, `--${one.name}`), `${also} ${one.takes}${usual}. ${one.meaning}`];
  }

  function taken(place) {
    const at = text.selectionStart;
    const begin = text.value.slice(0, at).search(/--[a-z-]*$/i);
    const one = offered[place];
    text.setRangeText(`--${one.name}${one.kind === "flag" ? "" : " "}`, begin, at, "end");
    typed();
  }

  function closed() {
    list.hidden = true;
    chosen = -1;
    text.removeAttribute("aria-activedescendant");
  }

  function pressed(event) {
    const open = !list.hidden && offered.length > 0;
    if (open && (event.key === "ArrowDown" || event.key === "ArrowUp")) {
      event.preventDefault();
      chosen = (chosen + (event.key === "ArrowDown" ? 1 : offered.length)) % offered.length;
      if (chosen < 0) chosen = offered.length - 1;
      [...list.children].forEach((one, place) => one.setAttribute("aria-selected", String(place === chosen)));
      list.children[chosen].scrollIntoView({ block: "nearest" });
      text.setAttribute("aria-activedescendant", `${names.list}-${chosen}`);
    } else if (event.key === "Escape" && !list.hidden) {
      event.preventDefault();
      closed();
    } else if (open && chosen >= 0 && (event.key === "Enter" || event.key === "Tab")) {
      event.preventDefault();
      taken(chosen);
    } else if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      closed();
      submit();
    }
  }

  return {
    node, read, text,
    get value() { return text.value; },
    set value(given) { text.value = given; marked(null); read(); },
    again: () => { clearTimeout(timer); timer = setTimeout(read, PAUSE); },
    focus: () => text.focus(),
  };
}
