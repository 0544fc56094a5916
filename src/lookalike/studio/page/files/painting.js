// A mask painted over a picture: white where it may change.
import { addressOf } from "./api.js";
import { button, field, h, number } from "./dom.js";

/** A picture to paint on; `blob()` gives the mask as a PNG, null where nothing is painted. */
export function painting() {
  let picture = null, painted = false, drawing = false, lastAt = null;
  const image = h("img", { alt: "The picture to change a part of", onload: fit });
  const canvas = h("canvas", { "aria-label": "Paint here where the picture may change; or give the part in numbers below", role: "img",
    onpointerdown: begin, onpointermove: move, onpointerup: end, onpointercancel: end });
  const stage = h("div", { class: "paint" }, image, canvas);
  const size = h("input", { type: "range", min: 2, max: 50, value: 12 });
  const eraser = h("input", { type: "checkbox" });
  const part = ["left", "top", "width", "height"].map((name) => [name, number({ min: 0, max: 100, step: 1, value: name === "width" || name === "height" ? 50 : 0 })]);
  const node = h("div", {}, stage,
    h("div", { class: "row" }, field("Brush", size), h("label", { class: "check" }, eraser, "rub out"),
      button("Clear", clear), button("Everything but it", invert)),
    h("details", {}, h("summary", {}, "The part in numbers"),
      h("div", { class: "fields" }, part.map(([name, one]) => field(`${name}, %`, one))),
      button("Paint this part", rectangle)));
  node.hidden = true;

  const brush = () => canvas.getContext("2d");
  function fit() {
    canvas.width = image.naturalWidth;
    canvas.height = image.naturalHeight;
    image.classList.toggle("small-picture", image.naturalWidth <= 128);
    painted = false;
  }
  function at(event) {
    const box = canvas.getBoundingClientRect();
    return [(event.clientX - box.left) / box.width * canvas.width, (event.clientY - box.top) / box.height * canvas.height];
  }
  function begin(event) {
    canvas.setPointerCapture(event.pointerId);
    drawing = true;
    lastAt = at(event);
    stroke(lastAt);
  }
  function move(event) { if (drawing) stroke(at(event)); }
  function end() { drawing = false; }
  function stroke(to) {
    const pen = brush();
    pen.globalCompositeOperation = eraser.checked ? "destination-out" : "source-over";
    pen.strokeStyle = "#a0f";
    pen.lineCap = "round";
    pen.lineWidth = Math.max(1, Number(size.value) / 100 * Math.max(canvas.width, canvas.height));
    pen.beginPath();
    pen.moveTo(...lastAt);
    pen.lineTo(to[0] + 0.01, to[1]);
    pen.stroke();
    lastAt = to;
    painted = true;
  }
  function clear() {
    brush().clearRect(0, 0, canvas.width, canvas.height);
    painted = false;
  }
  function invert() {
    const pen = brush();
    pen.globalCompositeOperation = "xor";
    pen.fillStyle = "#a0f";
    pen.fillRect(0, 0, canvas.width, canvas.height);
    painted = true;
  }
  function rectangle() {
    const [left, top, width, height] = part.map(([, one]) => Number(one.value) / 100);
    const pen = brush();
    pen.globalCompositeOperation = "source-over";
    pen.fillStyle = "#a0f";
    pen.fillRect(left * canvas.width, top * canvas.height, width * canvas.width, height * canvas.height);
    painted = true;
  }

  /** White where something is painted, black elsewhere, without half tones. */
  function blob() {
    const { width, height } = canvas;
    const seen = painted ? brush().getImageData(0, 0, width, height) : null;
    if (!seen) return null;
    let any = false;
    for (let place = 0; place < seen.data.length; place += 4) {
      const white = seen.data[place + 3] > 127 ? 255 : 0;
      any ||= white > 0;
      seen.data.set([white, white, white, 255], place);
    }
    if (!any) return null;
    const page = h("canvas", { width, height });
    page.getContext("2d").putImageData(seen, 0, 0);
    return new Promise((done) => page.toBlob(done, "image/png"));
  }

  return {
    node, blob, rectangle,
    show: (shown) => {
      node.hidden = shown === null;
      if (shown !== null && shown !== picture) image.src = addressOf(shown);
      picture = shown;
    },
  };
}
