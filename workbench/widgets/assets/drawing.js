// The network as SVG: boxes, lines and ties. They are made once; what changes with the plan are
// classes and short texts.

function shape(name, attributes, parent) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  parent?.append(made);
  return made;
}

/** A text that fits a width: the middle of a long one becomes dots. */
function trimmed(text, width, pen) {
  if (pen.measureText(text).width <= width) return text;
  let kept = text.length - 1;
  const cut = () => `${text.slice(0, Math.ceil(kept / 2))}…${text.slice(text.length - Math.floor(kept / 2))}`;
  while (kept > 2 && pen.measureText(cut()).width > width) kept -= 1;
  return cut();
}

/** The boxes, the lines and the ties, as SVG. */
class Drawing {
  constructor(network) {
    this.layers = network.layers;
    this.lines = network.lines;
    const { wide, high } = network;
    this.svg = shape("svg", { viewBox: `0 0 ${wide} ${high}`, role: "listbox" });
    const defs = shape("defs", {}, this.svg);
    const arrow = { id: `wb-arrow-${Math.random().toString(36).slice(2)}`, viewBox: "0 0 8 8",
      refX: 7, refY: 4, markerWidth: 8, markerHeight: 8, markerUnits: "userSpaceOnUse", orient: "auto" };
    shape("path", { d: "M0 0L8 4L0 8z", class: "wb-net-arrow" }, shape("marker", arrow, defs));
    const group = () => shape("g", { "aria-hidden": "true" }, this.svg);
    const [ties, lines] = [group(), group()];
    this.ties = ties;
    this.paths = this.lines.map((line) => shape("path",
      { d: line.path, class: "wb-net-line", "marker-end": `url(#${arrow.id})` }, lines));
    this.pen = document.createElement("canvas").getContext("2d");
    this.boxes = this.layers.map((layer, index) => this.box(layer, index));
  }
  box(layer, index) {
    const { x, y, wide, high } = layer, middle = x + wide / 2;
    const box = shape("g", { class: "wb-net-layer", role: "option", tabindex: -1,
      "data-index": index, "data-lm-suppress-shortcuts": "true" }, this.svg);
    box.classList.toggle("wb-net-chooses", layer.chooses);
    const round = layer.type === "Split" ? high / 2 : 5;
    const ring = { x: x - 3, y: y - 3, width: wide + 6, height: high + 6, rx: round + 3 };
    shape("rect", { ...ring, class: "wb-net-ring" }, box);
    shape("rect", { x, y, width: wide, height: high, rx: round, class: "wb-net-box" }, box);
    const text = (className, at, y, anchor) =>
      shape("text", { x: at, y, class: className, "text-anchor": anchor }, box);
    if (layer.chooses) {
      box.name = text("wb-net-name", middle, y + 15, "middle");
      box.figure = text("wb-net-figure", middle, y + 29, "middle");
    } else if (layer.type === "Split") {
      box.name = text("wb-net-kind", middle, y + high / 2 + 4, "middle");
    } else {
      box.name = text("wb-net-kind", x + 8, y + high / 2 + 4, "start");
      box.figure = text("wb-net-figure", x + wide - 8, y + high / 2 + 4, "end");
    }
    return box;
  }
  /** Write the names, as wide as the font is. */
  letter(family) {
    if (family === this.family || !family) return;
    this.family = family;
    this.layers.forEach((layer, index) => {
      this.pen.font = `${layer.chooses ? 600 : 400} 11px ${family}`;
      const named = layer.type === "Split" ? layer.type : layer.name;
      const room = layer.wide - (layer.chooses || layer.type === "Split" ? 10 : 54);
      this.boxes[index].name.textContent = trimmed(named, room, this.pen);
    });
  }
  mark(index, { kind, text, says }) {
    const box = this.boxes[index], layer = this.layers[index];
    if (box.dataset.kind !== kind) box.dataset.kind = kind;
    if (box.figure && box.figure.textContent !== text) box.figure.textContent = text;
    const label = `${layer.name}, ${layer.type}: ${says}`;
    if (box.getAttribute("aria-label") !== label) box.setAttribute("aria-label", label);
  }
  /** Join the layers of each group: a frame around neighbours, arcs between others. */
  join(groups) {
    this.ties.replaceChildren();
    this.groups = groups;
    this.frames = groups.map((group) => {
      const frame = shape("g", { class: "wb-net-tie" }, this.ties);
      const members = group.map((index) => this.layers[index]);
      if (this.areNeighbours(group)) shape("rect", { ...around(members, 8), rx: 10 }, frame);
      else members.slice(1).forEach((b, i) => shape("path", { d: arc(members[i], b) }, frame));
      return frame;
    });
  }
  areNeighbours(group) {
    const hull = around(group.map((index) => this.layers[index]), 0);
    const inside = this.layers.filter((l) => l.x < hull.x + hull.width && l.x + l.wide > hull.x
      && l.y < hull.y + hull.height && l.y + l.high > hull.y);
    return inside.length === group.length;
  }
  /** Show which layer is selected, what it is tied to, and which lines it has. */
  select(chosen) {
    const near = this.groups?.find((group) => group.includes(chosen)) ?? [chosen];
    this.boxes.forEach((box, index) => box.setAttribute("aria-selected", index === chosen));
    this.groups?.forEach((group, i) => this.frames[i].classList.toggle("wb-net-near", group === near));
    this.lines.forEach(({ writer, reader }, index) => {
      this.paths[index].classList.toggle("wb-net-near", writer === chosen || reader === chosen);
    });
  }
  /** The layer to go to by an arrow key: along the lines, or to the side. */
  beside(index, key) {
    const here = this.layers[index], centre = (l) => l.x + l.wide / 2;
    if (key === "ArrowDown") return this.lines.find((line) => line.writer === index)?.reader;
    if (key === "ArrowUp") return this.lines.find((line) => line.reader === index)?.writer;
    const way = { ArrowLeft: -1, ArrowRight: 1 }[key];
    if (!way) return { Home: 0, End: this.layers.length - 1 }[key];
    const far = (l) => Math.abs(centre(l) - centre(here)) + 4 * Math.abs(l.y - here.y);
    const beside = this.layers.filter((l) => way * (centre(l) - centre(here)) > l.wide / 2);
    const next = beside.sort((a, b) => far(a) - far(b))[0];
    return next && this.layers.indexOf(next);
  }
}

function around(layers, room) {
  const x = Math.min(...layers.map((l) => l.x)) - room, y = Math.min(...layers.map((l) => l.y)) - room;
  return { x, y, width: Math.max(...layers.map((l) => l.x + l.wide)) + room - x,
    height: Math.max(...layers.map((l) => l.y + l.high)) + room - y };
}
function arc(a, b) {
  const [left, right] = a.x <= b.x ? [a, b] : [b, a];
  const x = left.x + left.wide, y = left.y + left.high / 2, to = right.y + right.high / 2;
  if (x < right.x) return `M${x} ${y}C${x + 40} ${y} ${right.x - 40} ${to} ${right.x} ${to}`;
  const end = right.x + right.wide, out = Math.max(x, end) + 30;
  return `M${x} ${y}C${out} ${y} ${out} ${to} ${end} ${to}`;
}
