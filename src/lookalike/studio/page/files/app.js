// The frame: pages behind tabs, the look, and the keys.
import { get } from "./api.js";
import { all, go, node, showing } from "./bus.js";
import { dialog, h } from "./dom.js";
import "./imagine.js";
import "./describe.js";
import "./change.js";
import "./blend.js";
import "./restyle.js";
import "./story.js";
import "./characters.js";
import "./history.js";
import "./figures.js";

const main = document.getElementById("main");
const KEYS = { i: "imagine", d: "describe", c: "change", b: "blend", r: "restyle", s: "story", p: "characters", h: "history", f: "figures" };

function show(name) {
  const one = node(name);
  main.replaceChildren(one.node);
  for (const link of document.querySelectorAll("#tabs a")) {
    if (link.dataset.page === one.name) {
      link.setAttribute("aria-current", "page");
      link.scrollIntoView({ block: "nearest", inline: "nearest" });
    } else link.removeAttribute("aria-current");
  }
  document.title = `${one.title} · lookalike studio`;
  one.shown?.();
}

function tabs() {
  const letters = Object.fromEntries(Object.entries(KEYS).map(([key, name]) => [name, key]));
  document.getElementById("tabs").replaceChildren(...all().map((one) =>
    h("li", {}, h("a", { href: `#${one.name}`, "data-page": one.name, title: `g ${letters[one.name]}` }, one.title))));
}

function look() {
  const chosen = document.getElementById("theme");
  const set = () => {
    if (chosen.value) document.documentElement.dataset.theme = chosen.value;
    else delete document.documentElement.dataset.theme;
    localStorage.setItem("look", chosen.value);
  };
  chosen.value = localStorage.getItem("look") ?? "";
  chosen.addEventListener("change", set);
  set();
}

/** Single letters are shortcuts, unless somebody types, or has switched them off. */
function keys() {
  let waits = false;
  document.addEventListener("keydown", (event) => {
    const typing = event.target.matches?.("input, textarea, select, [contenteditable]");
    if (typing || event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
    if (event.key === "?") { listed(); return; }
    if (localStorage.getItem("letters") === "off") return;
    if (waits && KEYS[event.key]) { event.preventDefault(); go(KEYS[event.key]); }
    waits = event.key === "g";
    if (event.key === "/") {
      event.preventDefault();
      go("history");
      document.getElementById("search").focus();
    }
  });
  document.getElementById("keys").addEventListener("click", listed);
}

function listed() {
  const lines = [
    ...Object.entries(KEYS).map(([key, name]) => [`g ${key}`, node(name).title]),
    ["/", "Search the history"], ["Enter", "In the prompt: make it (Shift+Enter: a new line)"], ["↓ ↑ Tab", "In the prompt, behind --: choose a parameter"],
    ["1 to 4", "On a result: U1 to U4"], ["Alt+1 to 4", "On a result: V1 to V4"], ["Esc", "Close"], ["?", "This list"],
  ];
  const letters = h("input", { type: "checkbox", checked: localStorage.getItem("letters") !== "off",
    onchange: (event) => localStorage.setItem("letters", event.target.checked ? "on" : "off") });
  dialog("Keys", [
    h("table", {}, h("tbody", {}, lines.map(([key, what]) => h("tr", {}, h("th", { scope: "row" }, h("kbd", {}, key)), h("td", {}, what))))),
    h("label", { class: "check" }, letters, "Letters are shortcuts"),
  ], { class: "narrow" });
}

async function about() {
  const said = await get("/v1/studio");
  document.getElementById("about").textContent = `lookalike ${said.version}, model ${said.model}`;
}

tabs();
look();
keys();
showing(show);
addEventListener("hashchange", () => {
  show(location.hash.slice(1));
  main.focus({ preventScroll: true });
});
document.querySelector(".skip").addEventListener("click", (event) => { event.preventDefault(); main.focus(); });
about().catch(() => {}).then(() => show(location.hash.slice(1)));
