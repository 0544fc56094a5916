// How good it is: the tables and plots of the documentation.
import { get } from "./api.js";
import { page } from "./bus.js";
import { fresh, h, toast } from "./dom.js";

page("figures", "Figures", () => {
  const body = h("div", {}, h("p", { role: "status" }, "Loading…"));
  load(body);
  return h("div", {}, h("h1", {}, "Figures"),
    h("p", { class: "quiet" }, "What the benchmarks printed, as the documentation has it; measured with mini on a CPU."), body);
});

async function load(body) {
  try {
    const pages = await get("/page/figures.json");
    body.replaceChildren(...pages.map(chapter));
  } catch (fault) {
    toast(fault.message);
  }
}

function chapter(blocks) {
  const [first, ...rest] = blocks;
  const made = h("details", { class: "card", open: true }, h("summary", {}, h("strong", {}, first.heading)));
  let above = first.heading, plots = null;
  for (const one of rest) {
    if (one.heading) above = one.heading;
    if (one.plot) {
      if (plots === null) { plots = h("div", { class: "plots" }); made.append(plots); }
      plots.append(h("figure", {}, h("img", { src: `/page/${one.plot}`, alt: one.alt, width: 461, height: 302, loading: "lazy" }), h("figcaption", { class: "quiet" }, one.alt)));
      continue;
    }
    plots = null;
    made.append(block(one, above));
  }
  return made;
}

/** How many tables there were so far below each heading. */
const times = new Map();

function block(one, above) {
  if (one.heading) return h(one.level === 2 ? "h2" : "h3", {}, one.heading);
  if (one.list) return h("ul", {}, one.list.map((line) => h("li", {}, line)));
  if (one.rows) {
    const name = fresh("table");
    const [corner, ...columns] = one.head;
    // A corner without words heads nothing; and names of places are told apart.
    const first = corner ? h("th", { scope: "col" }, corner) : h("td", {});
    const number = (times.get(above) ?? 0) + 1;
    times.set(above, number);
    return h("div", { class: "wide", tabindex: 0, role: "region", "aria-labelledby": name },
      h("table", {}, h("caption", { id: name, class: "hidden-text" }, `${above}: ${corner || "table"}${number > 1 ? ` ${number}` : ""}`),
        h("thead", {}, h("tr", {}, first, columns.map((cell) => h("th", { scope: "col" }, cell)))),
        h("tbody", {}, one.rows.map(([head, ...cells]) => h("tr", {}, h("th", { scope: "row" }, head), cells.map((cell) => h("td", {}, cell)))))));
  }
  return h("p", {}, one.text);
}
