// Elements made of data. Text is only ever text: nothing here takes markup.

/** An element with attributes (on… are listeners) and children: texts, elements, or nothing. */
export function h(tag, given = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(given)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (name in PROPERTIES) made[PROPERTIES[name]] = value;
    else made.setAttribute(name, value === true ? "" : String(value));
  }
  made.append(...children.flat(Infinity).filter((one) => one !== null && one !== undefined && one !== false));
  return made;
}

const PROPERTIES = { class: "className", value: "value", checked: "checked", disabled: "disabled", hidden: "hidden" };

let last = 0;
/** A name for an element that others point at. */
export const fresh = (stem) => `${stem}-${++last}`;

/** A control with its label above it. */
export function field(label, control, title) {
  return h("label", { class: "field", title }, h("span", {}, label), control);
}

export function number(given = {}) {
  return h("input", { type: "number", inputmode: "decimal", ...given });
}

export function select(options, given = {}) {
  const pairs = options.map((one) => (Array.isArray(one) ? one : [one, one]));
  const { value, ...rest } = given;
  const made = h("select", rest, pairs.map(([key, text]) => h("option", { value: key }, text)));
  if (value !== undefined) made.value = value;
  return made;
}

export function button(text, act, given = {}) {
  return h("button", { type: "button", onclick: act, ...given }, text);
}

/** Where lines appear: in the dialog that is open, for what is behind it is neither seen nor read. */
function shelf() {
  const box = [...document.querySelectorAll("dialog[open]")].at(-1);
  if (!box) return document.getElementById("toasts");
  const own = box.querySelector(".toasts") ?? h("div", { class: "toasts", role: "status" });
  box.append(own);
  return own;
}

/** A line that comes and goes. */
export function toast(text) {
  const made = h("div", { class: "toast" }, text);
  shelf().append(made);
  setTimeout(() => made.remove(), Math.max(4000, text.length * 60));
}

/** Do something that may fail, and say why where it does; the button waits meanwhile. */
export function trying(work) {
  return async (event) => {
    const pressed = event?.currentTarget;
    if (pressed) pressed.disabled = true;
    try {
      return await work(event);
    } catch (fault) {
      toast(fault.message);
    } finally {
      if (pressed) pressed.disabled = false;
    }
  };
}

/** A dialog that is gone when it is closed; the focus goes back by itself. */
export function dialog(title, children, given = {}) {
  const name = fresh("dialog");
  const made = h("dialog", { "aria-labelledby": name, ...given },
    h("div", { class: "row title" }, h("h2", { id: name }, title), h("span", { class: "spring" }),
      button("Close", () => made.close(), { "data-close": true })),
    children);
  made.addEventListener("close", () => made.remove());
  made.addEventListener("click", (event) => { if (event.target === made) made.close(); });
  document.body.append(made);
  made.showModal();
  return made;
}

export async function copy(text, what) {
  try {
    await navigator.clipboard.writeText(text);
    toast(`${what} copied`);
  } catch {
    // Without a secure address there is no clipboard: shown, to be copied by hand.
    const area = h("textarea", { rows: 8, readonly: true, "aria-label": what, value: text });
    dialog(`Copy ${what} from here`, area, { class: "narrow" });
    area.select();
  }
}
