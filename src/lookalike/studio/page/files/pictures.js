// Where pictures are put: dropped, chosen, pasted or sent over from elsewhere, with role and weight.
import { addressOf, upload } from "./api.js";
import { button, field, h, number, select, toast } from "./dom.js";

const KIND = "application/x-lookalike";
const ROLES = [["image", "image"], ["style", "style"], ["character", "character"]];

/** An element that can be dragged to where pictures are put. */
export function draggable(element, picture) {
  element.draggable = true;
  element.addEventListener("dragstart", (event) => event.dataTransfer.setData(KIND, picture));
  return element;
}

/** A place for pictures: `most` of them, with roles and weights where they are asked for. */
export function pictures({ label, most = 10, roles = false, weights = false, changed = () => {} }) {
  let given = [];
  const input = h("input", { type: "file", accept: "image/*", multiple: most > 1, class: "hidden-text",
    onchange: () => { files(input.files); input.value = ""; } });
  const many = most > 1 ? "pictures" : "a picture";
  const area = h("label", { class: "drop", ondragover: over, ondragleave: out, ondrop: dropped }, input,
    h("strong", {}, label), h("br"), `Drop ${many} here, paste, or press to choose`);
  const list = h("ul", { class: "given", "aria-label": label });
  const node = h("div", { onpaste: pasted, class: most === 1 ? "given-one" : "" }, area, list);

  function over(event) { event.preventDefault(); area.classList.add("over"); }
  function out() { area.classList.remove("over"); }
  function dropped(event) {
    event.preventDefault();
    out();
    const picture = event.dataTransfer.getData(KIND);
    if (picture) add(picture);
    else files(event.dataTransfer.files);
  }
  function pasted(event) {
    if (event.clipboardData.files.length) { event.preventDefault(); files(event.clipboardData.files); }
  }

  async function files(chosen) {
    for (const file of chosen) {
      try {
        const item = await upload(file);
        add(item.picture, { name: file.name, width: item.width, height: item.height });
      } catch (fault) {
        toast(`${file.name}: ${fault.message}`);
      }
    }
  }

  function add(picture, about = {}) {
    if (given.length >= most) {
      if (most > 1) { toast(`${most} pictures at most`); return; }
      given = [];
    }
    given.push({ picture, role: about.role ?? "image", weight: 1, ...about });
    drawn();
    changed();
  }

  function drawn() {
    area.hidden = false;
    list.replaceChildren(...given.map((one, place) => {
      const what = one.name ?? (one.picture.startsWith("@") ? one.picture : `picture ${place + 1}`);
      const image = h("img", { src: addressOf(one.picture), alt: `${label}: ${what}`, width: 72, height: 72 });
      const role = roles && field("Role", select(ROLES, { value: one.role,
        onchange: (event) => { one.role = event.target.value; changed(); } }));
      const weight = weights && field("Weight", number({ value: one.weight, step: 0.1, min: -1000, max: 1000,
        oninput: (event) => { one.weight = Number(event.target.value); changed(); } }));
      return h("li", {}, draggable(image, one.picture), h("div", { class: "row" }, role, weight, !roles && !weights && h("span", { class: "quiet" }, what)),
        button("Remove", () => { given.splice(place, 1); drawn(); changed(); input.focus(); }, { "aria-label": `Remove ${what}` }));
    }));
  }

  return {
    node, add, files,
    get value() { return given.map((one) => one.picture); },
    get weights() { return given.map((one) => one.weight); },
    get first() { return given[0] ?? null; },
    get references() { return given.map((one) => ({ source: one.picture, role: one.role, weight: one.weight })); },
    clear: () => { given = []; drawn(); changed(); },
  };
}
