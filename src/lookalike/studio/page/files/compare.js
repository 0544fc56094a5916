// Two pictures on top of each other, with a slider between them.
import { faceOf } from "./api.js";
import { button, dialog, h, toast } from "./dom.js";

let first = null;
export const remembered = () => first;

/** Keep an item in mind, or compare it with the one that is. */
export function compare(item) {
  if (first === null || first.id === item.id) {
    first = item;
    toast(`picture ${item.id} is kept in mind; open another to compare them`);
    return;
  }
  const other = first;
  first = null;
  both(other, item);
}

export function both(left, right) {
  const image = (item, className) => h("img", { src: faceOf(item), class: `${className} ${item.width <= 128 ? "small-picture" : ""}`,
    alt: `picture ${item.id}: ${item.text.slice(0, 150)}`, width: item.width, height: item.height });
  const stage = h("div", { class: "compare" }, image(left, "under"), image(right, "over"));
  if (left.width) stage.style.aspectRatio = `${left.width} / ${left.height}`;
  const slide = h("input", { type: "range", min: 0, max: 100, value: 50, class: "slider",
    "aria-label": `How much of picture ${left.id} is shown, against picture ${right.id}`,
    oninput: () => stage.style.setProperty("--cut", `${slide.value}%`) });
  const swap = button("Swap", () => { box.close(); both(right, left); });
  const box = dialog(`Picture ${left.id} and picture ${right.id}`, [stage, slide,
    h("div", { class: "row" }, h("small", {}, `left: ${left.id}, right: ${right.id}`), swap)]);
  slide.focus();
}
