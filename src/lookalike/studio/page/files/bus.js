// How the pages speak to each other: a page is opened with something to work on.

const pages = new Map();

/** Make a page known: `build` makes its element once, `take` is given what it is opened with. */
export const page = (name, title, build) => pages.set(name, { name, title, build, node: null, take: null });
export const all = () => [...pages.values()];

export function node(name) {
  const one = pages.get(name) ?? pages.get("imagine");
  if (one.node === null) {
    const made = one.build();
    one.node = made.node ?? made;
    one.take = made.take ?? null;
    one.shown = made.shown ?? null;
  }
  return one;
}

/** Open a page with something to work on. */
export function go(name, given) {
  const one = node(name);
  if (given !== undefined) one.take?.(given);
  if (location.hash.slice(1) === name) show(name);
  else location.hash = name;
}

let show = () => {};
export const showing = (act) => { show = act; };
