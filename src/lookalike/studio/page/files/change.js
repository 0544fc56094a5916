// Going on from a picture: varied, a part of it made anew, edited by words, with more around it.
import { upload } from "./api.js";
import { page } from "./bus.js";
import { button, field, h, number, select, trying } from "./dom.js";
import { board, recall } from "./jobs.js";
import { painting } from "./painting.js";
import { pictures } from "./pictures.js";
import { settings } from "./settings.js";

const WAYS = [
  ["vary", "Vary: pictures like it"],
  ["region", "Change a part, painted"],
  ["edit", "Edit by words"],
  ["remix", "Remix: its composition, another prompt"],
  ["zoom", "Zoom out"],
  ["pan", "Pan: grow on one side"],
];

page("change", "Change", () => {
  const results = board();
  const shown = pictures({ label: "Picture to change", most: 1, changed: drawn });
  const mask = painting();
  const way = select(WAYS, { onchange: drawn });
  const text = h("textarea", { rows: 2 });
  const strength = select([["", "as it is usual"], ["subtle", "subtle"], ["strong", "strong"]]);
  const factor = number({ min: 1.1, max: 4, step: 0.1, value: 1.5 });
  const direction = select(["left", "right", "up", "down"]);
  const share = number({ min: 5, max: 100, value: 50 });
  const much = number({ min: 0.05, max: 1, step: 0.05, value: 0.7 });
  const chosen = settings({ aspect: false });
  const parts = {
    strength: field("How much", strength), factor: field("How much smaller", factor), direction: field("Where", direction),
    share: field("By, % of its side", share), much: field("How much may change", much),
  };
  const words = field("Words", text);
  const needs = { vary: ["strength"], region: ["strength"], edit: [], remix: ["much"], zoom: ["factor"], pan: ["direction", "share"] };
  const go = button("Make it", trying(asked), { class: "main", disabled: true });

  function drawn() {
    const picture = shown.first?.picture ?? null;
    go.disabled = !picture;
    mask.show(way.value === "region" ? picture : null);
    for (const [name, one] of Object.entries(parts)) one.hidden = !needs[way.value].includes(name);
    words.firstChild.textContent = { edit: "What should be different", remix: "The other prompt", region: "What the part is to show (none: as the picture is)" }[way.value] ?? "Words, if any";
  }

  async function asked() {
    const body = { picture: shown.first.picture, settings: chosen.value, ...(await own[way.value]()) };
    await results.ask(way.value === "region" ? "vary" : way.value, body, shown.first);
  }

  const own = {
    vary: () => ({ text: text.value, strength: strength.value || null }),
    region: async () => {
      const painted = await mask.blob();
      if (!painted) throw new Error("nothing is painted yet: paint over the part that may change");
      return { text: text.value, strength: strength.value || null, mask: (await upload(painted)).picture };
    },
    edit: () => ({ text: text.value }),
    remix: () => ({ text: text.value, strength: Number(much.value) }),
    zoom: () => ({ text: text.value, factor: Number(factor.value) }),
    pan: () => ({ text: text.value, direction: direction.value, share: Number(share.value) / 100 }),
  };

  drawn();
  recall(results, ["edit", "zoom", "pan", "remix"]);
  const node = h("div", {}, h("h1", {}, "Change a picture"), h("div", { class: "two" },
    h("form", { class: "card", onsubmit: (event) => event.preventDefault() }, field("What to do", way), shown.node, mask.node,
      words, h("div", { class: "fields" }, Object.values(parts)), chosen.node, h("div", { class: "row end" }, go)),
    results.node));
  return { node, take: ({ picture, ...about }) => { way.value = about.way ?? "region"; text.value = ""; shown.add(picture, about); } };
});
