// The studio as functions: requests, uploads, and jobs with their events.
import { button, dialog, field, h } from "./dom.js";

/** What the studio refused, with its problem document. */
export class Problem extends Error {
  constructor(status, said) {
    super(said.detail ?? `the studio answered with ${status}`);
    this.status = status;
    this.said = said;
  }
}

let asking = null;

async function sent(path, options) {
  let answer;
  try {
    answer = await fetch(path, { credentials: "same-origin", ...options });
  } catch {
    throw new Error("the studio does not answer; is it still running?");
  }
  if (answer.status === 401) {
    asking ??= token().finally(() => { asking = null; });
    await asking;
    return sent(path, options);
  }
  if (!answer.ok) throw new Problem(answer.status, await answer.json().catch(() => ({})));
  return answer.status === 204 ? null : answer.json();
}

/** Ask for the token until it is right; the studio keeps it in a cookie that no script can read. */
function token() {
  return new Promise((done) => {
    const said = h("input", { type: "password", autocomplete: "current-password", required: true });
    const wrong = h("p", { class: "wrong", role: "alert" });
    const form = h("form", { method: "dialog", onsubmit: enter },
      h("p", {}, "This studio lets in who knows its token. It was shown when the studio was started with --new-token."),
      field("Token", said), wrong, h("div", { class: "row end" }, h("button", { class: "main" }, "Enter")));
    const box = dialog("Who is there?", form, { class: "narrow" });
    box.querySelector("[data-close]").remove();
    box.addEventListener("cancel", (event) => event.preventDefault());
    async function enter(event) {
      event.preventDefault();
      const headers = { Authorization: `Bearer ${said.value.trim()}` };
      const answer = await fetch("/page/enter", { method: "POST", headers });
      if (!answer.ok) { wrong.textContent = "That is not the token."; said.select(); return; }
      box.close();
      done();
    }
  });
}

export const get = (path, query = {}) => {
  const said = new URLSearchParams(Object.entries(query).filter(([, v]) => v !== "" && v !== null && v !== undefined));
  return sent(said.size ? `${path}?${said}` : path);
};
const json = (method) => (path, body = {}) =>
  sent(path, { method, headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });
export const post = json("POST");
export const put = json("PUT");
export const patch = json("PATCH");
export const remove = (path) => sent(path, { method: "DELETE" });

/** Upload a picture; gives the item of the history that it is. */
export function upload(file) {
  const body = new FormData();
  body.append("picture", file, "picture");
  return sent("/v1/pictures", { method: "POST", body });
}

export const fileOf = (item) => `/v1/files/${item.file}`;
export const addressOf = (picture) =>
  picture.startsWith("@") ? `/v1/library/${picture.slice(1)}/picture` : `/v1/files/${picture.slice(7)}.png`;
/** The picture that shows an item: a character has a portrait, a saved name is in the library. */
export const faceOf = (item) => (item.picture ? addressOf(item.picture) : fileOf(item));

/** What can be chosen by name, asked for once. */
let known = null;
export const choices = () => (known ??= get("/v1/choices").catch((fault) => { known = null; throw fault; }));

/** Follow a job: `tell` gets "progress", "preview" and the end; gives a way to look away. */
export function follow(id, tell) {
  const source = new EventSource(`/v1/jobs/${id}/events`);
  const ends = ["done", "failed", "cancelled"];
  for (const name of ["progress", "preview", ...ends]) {
    source.addEventListener(name, (event) => {
      if (ends.includes(name)) source.close();
      tell(name, JSON.parse(event.data));
    });
  }
  return () => source.close();
}
