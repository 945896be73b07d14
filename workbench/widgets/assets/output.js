// A card for each probe: its picture, and what the float and the int8 network say of it.

/** An element with attributes and children; text is set as text. */
function made(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name in STYLES) element.style[name] = value;
    else element.setAttribute(name, value);
  }
  element.append(...children);
  return element;
}
const STYLES = { left: 1, width: 1 };
const SIGNS = { fresh: "●", refining: "◌", waiting: "◌", failed: "▲" };
const STATES = { fresh: "up to date", refining: "refining …", waiting: "computing …",
  failed: "failed" };
const NETS = [["expected", "float"], ["got", "int8"]];
const MAP = 112;

// --- classes -----------------------------------------------------------------------------------
function barOf(share, net) {
  const [left, width] = share.bar.map((part) => `${100 * part}%`);
  return made("div", { class: "wb-output-track" }, made("i", { class: `wb-${net}`, left, width }));
}
function numberOf(share, net) {
  const attributes = { "aria-label": `${net} ${share.text}${share.first ? ", first" : ""}` };
  if (share.first) attributes.title = `${net} says this one`;
  return made("span", attributes, share.first ? made("b", {}, share.text) : share.text);
}
function classRow(one) {
  const pairs = NETS.map(([key, net]) => [one[key], net]);
  return made("tr", {},
    made("th", { scope: "row", title: one.name }, one.name),
    made("td", { "aria-hidden": "true" }, ...pairs.map((pair) => barOf(...pair))),
    made("td", {}, ...pairs.map((pair) => numberOf(...pair))));
}

// --- other outputs -----------------------------------------------------------------------------
function rangeOf(arrays) {
  let low = Infinity, high = -Infinity;
  for (const array of arrays) {
    for (const v of array) {
      if (v < low) low = v;
      if (v > high) high = v;
    }
  }
  return [low, high];
}
const hexOf = (look, name) => [1, 3, 5].map((at) => parseInt(look.colour(name).slice(at, at + 2), 16));
function colourOf(look) { // 0 to 1, by steps of lightness
  const stops = [0, 1, 2, 3, 4].map((i) => hexOf(look, `heat-${i}`));
  return (part) => {
    const place = clamp(part, 0, 1) * 4, i = Math.min(Math.floor(place), 3);
    return stops[i].map((v, k) => v + (place - i) * (stops[i + 1][k] - v));
  };
}
function signedOf(look) { // -1 to 1: below in blue, above in orange, none is the middle
  const [low, high] = [hexOf(look, "heat-2"), hexOf(look, "heat-clipped-2")];
  const middle = look.dark ? [34, 34, 34] : [245, 245, 245];
  return (part) => middle.map((v, k) => v + Math.abs(part) * ((part < 0 ? low : high)[k] - v));
}
function paintMap(canvas, values, [height, width], colour) {
  const image = new ImageData(width, height);
  values.forEach((v, i) => image.data.set([...colour(v), 255], 4 * i));
  Object.assign(canvas, { width, height });
  canvas.getContext("2d").putImageData(image, 0, 0);
}
function paintCurve(canvas, curves, [low, high], look) {
  const wide = 220, tall = 64, pen = penOf(canvas, wide, tall, look), span = high - low || 1;
  const y = (v) => 2 + (tall - 4) * (1 - (v - low) / span);
  pen.fillStyle = look.colour("grid");
  if (low <= 0 && high >= 0) pen.fillRect(0, y(0), wide, 1);
  for (const [values, colour, dash] of curves) {
    pen.strokeStyle = look.colour(colour);
    pen.lineWidth = 1.5;
    pen.setLineDash(dash);
    pen.beginPath();
    values.forEach((v, i) => pen.lineTo((wide * (i + 0.5)) / values.length, y(v)));
    pen.stroke();
  }
}
function figure(words, says) {
  const canvas = made("canvas", { role: "img", "aria-label": `${words}: ${says}` });
  return [canvas, made("figure", {}, canvas, made("figcaption", {}, words, made("small", {}, says)))];
}
function figuresOf(output, look) {
  const [a, b, d] = ["expected", "got", "difference"].map((key) => floats(output[key]));
  const range = rangeOf([a, b]), far = Math.max(...rangeOf([d]).map(Math.abs));
  const says = `${digits(range[0], 3)} to ${digits(range[1], 3)}`, off = `up to ±${digits(far, 3)}`;
  const box = made("div", { class: "wb-output-figures" });
  if (output.shape[0] === 1) {
    const [both, one] = figure("float, int8 dashed", says), [apart, two] = figure("difference", off);
    paintCurve(both, [[a, "grey", []], [b, "blue", [4, 3]]], range, look);
    paintCurve(apart, [[d, "clipped", []]], [-far, far], look);
    box.append(one, two);
    return box;
  }
  const heat = colourOf(look), span = range[1] - range[0] || 1, signed = signedOf(look);
  const parts = [["float", says, a, (v) => heat((v - range[0]) / span)],
    ["int8", says, b, (v) => heat((v - range[0]) / span)],
    ["difference", off, d, (v) => signed(far ? v / far : 0)]];
  for (const [words, said, values, colour] of parts) {
    const [canvas, one] = figure(words, said), scale = MAP / Math.max(...output.shape);
    paintMap(canvas, values, output.shape, colour);
    canvas.style.width = `${output.shape[1] * scale}px`;
    canvas.style.height = `${Math.max(output.shape[0] * scale, 6)}px`;
    box.append(one);
  }
  return box;
}
function outputOf(output, look) {
  const box = made("div", { class: "wb-output-blob" });
  const parts = [made("b", {}, output.name), ` ${output.says}`];
  if (output.about) parts.push(made("small", {}, `pictured: ${output.about}`));
  box.append(made("p", {}, ...parts));
  if (output.shape) box.append(figuresOf(output, look));
  return box;
}

// --- the whole -----------------------------------------------------------------------------------
function pictureOf(shown) {
  if (!shown?.source) return made("div", { class: "wb-output-tile" }, shown ? "no picture" : "");
  return made("img", { src: shown.source, alt: `${shown.name}, ${shown.about}`, title: shown.about });
}
function verdictOf(card) {
  if (card.agrees === null) return "";
  const sign = card.agrees ? "✓" : "✗", kind = card.agrees ? "wb-same" : "wb-other";
  return made("p", { class: `wb-output-verdict ${kind}` }, made("b", {}, sign), ` ${card.verdict}`);
}
function cardOf(card, shown, number, look) {
  const name = shown?.name ?? `probe ${number + 1}`;
  const state = card.state === "fresh" ? "" : `${SIGNS[card.state]} ${STATES[card.state]}`;
  const head = made("header", {}, pictureOf(shown), made("b", { title: name }, name),
    verdictOf(card), made("small", {}, state));
  const body = made("div", {});
  if (card.classes.length) {
    body.append(made("table", { "aria-label": `First classes for ${name}` }, ...card.classes.map(classRow)));
  }
  body.append(...card.outputs.map((output) => outputOf(output, look)));
  return made("section", { class: `wb-output-card wb-${card.state}`, "aria-label": name }, head, body);
}
function legend() {
  return made("span", { class: "wb-output-legend" },
    ...NETS.map(([, net]) => made("span", {}, made("i", { class: `wb-${net}` }), net)));
}

function render({ model, el }) {
  const get = (name) => model.get(name);
  const summary = made("b"), state = made("small", { role: "status" }), key = legend();
  const cards = made("div", { class: "wb-output-cards", tabindex: 0, role: "region",
    "aria-label": "Output on each probe" }); // it scrolls, if there are many
  const root = made("div", { class: "wb-output" },
    made("div", { class: "wb-output-head" }, summary, key, state), cards);
  el.append(root);

  function paint() {
    const look = lookOf(root), all = get("cards"), shown = get("pictures");
    look.dark = document.body.dataset.jpThemeLight === "false";
    root.classList.toggle("wb-empty", !all.length);
    summary.textContent = get("summary");
    cards.classList.toggle("wb-wide", !all.some((card) => card.classes.length));
    key.hidden = !all.some((card) => card.classes.length);
    state.textContent = `${SIGNS[get("state")]} ${STATES[get("state")]}`;
    root.setAttribute("aria-busy", String(get("state") === "refining"));
    cards.replaceChildren(...all.map((card, i) => cardOf(card, shown[i], i, look)));
  }
  const hears = ears();
  let frame = 0;
  const ask = () => { frame ||= requestAnimationFrame(() => { frame = 0; paint(); }); };
  hears.model(model, ["cards", "pictures", "summary", "state"], ask);
  hears.look(el, ask); // a curve has its pixels
  ask();
  return () => { hears.end(); cancelAnimationFrame(frame); };
}

export default { render };
