// The network as boxes and lines (drawing.js): shown, sized, and led by the hand. Python hears of
// `chosen`.

const ZOOMS = [0.3, 2.5], READABLE = 0.72;

function render({ model, el }) {
  const began = performance.now();
  const root = element("div", "wb-net", "", el);
  const head = element("div", "wb-net-head", "", root);
  const words = element("div", "wb-net-words", "", head);
  const meaning = element("b", "", "", words), legend = element("ul", "wb-net-legend", "", words);
  const tools = element("div", "wb-net-tools", "", head);
  const button = (text, title) => {
    const made = element("button", "", text, tools);
    Object.assign(made, { type: "button", title });
    made.setAttribute("aria-label", title);
    return made;
  };
  const smaller = button("−", "Smaller (key -)"), larger = button("+", "Larger (key +)");
  const fit = button("Fit", "The whole network (key 0)");
  const scroller = element("div", "wb-net-scroll", "", root);
  const tip = element("div", "wb-net-tip", "", root);
  const said = element("div", "wb-net-said", "", root);
  Object.assign(tip, { role: "tooltip", hidden: true });

  let drawing, zoom = 1, chosenZoom = null, looked = -1, hovered = -1;

  // --- showing --------------------------------------------------------------------------------
  function draw() {
    drawing = new Drawing(model.get("network"));
    drawing.svg.setAttribute("aria-label", "Layers of the network; arrow keys follow the lines");
    scroller.replaceChildren(drawing.svg);
    tie();
    mark();
    show();
    resize();
  }
  function mark() {
    model.get("marks").forEach((marked, index) => drawing.mark(index, marked));
    describe(said, looked >= 0 ? looked : model.get("chosen"));
    if (!tip.hidden) describe(tip, hovered);
  }
  function tie() {
    drawing.join(model.get("ties"));
    drawing.select(model.get("chosen"));
  }
  function show() {
    const chosen = model.get("chosen");
    looked = -1;
    drawing.select(chosen);
    drawing.boxes.forEach((box, index) => box.setAttribute("tabindex", index === chosen ? 0 : -1));
    describe(said, chosen);
    reveal(chosen);
  }
  function explain() {
    meaning.textContent = model.get("meaning");
    legend.replaceChildren(...model.get("legend").map(({ kind, words }) => {
      const item = element("li");
      element("i", "wb-net-swatch", "", item).dataset.kind = kind;
      item.append(words);
      return item;
    }));
  }
  function describe(into, index) {
    const layer = drawing.layers[index], marked = model.get("marks")[index];
    if (!layer) return;
    const title = element("div");
    element("b", "", layer.name, title);
    element("span", "", layer.type, title);
    const lines = [marked?.says ?? "", ...layer.words];
    into.replaceChildren(title, ...lines.filter(Boolean).map((line) => element("p", "", line)));
  }
  function point(index) {
    hovered = index;
    tip.hidden = !(index >= 0);
    if (tip.hidden) return;
    describe(tip, index);
    const box = drawing.boxes[index].getBoundingClientRect(), all = root.getBoundingClientRect();
    const left = clampTo(box.left - all.left, 0, all.width - tip.offsetWidth);
    const below = box.bottom - all.top + 8, above = box.top - all.top - tip.offsetHeight - 8;
    const fits = box.bottom + tip.offsetHeight + 8 < window.innerHeight || above < 0;
    Object.assign(tip.style, { left: `${left}px`, top: `${fits ? below : above}px` });
  }
  const clampTo = (v, low, high) => Math.max(low, Math.min(v, high));

  // --- size -----------------------------------------------------------------------------------
  function resize() {
    if (!scroller.clientWidth) return; // hidden; it is called again when it has a size
    drawing.letter(getComputedStyle(root).fontFamily);
    zoom = chosenZoom ?? clampTo(whole(), READABLE, 1.15);
    drawing.svg.style.width = `${Math.floor(model.get("network").wide * zoom)}px`;
    reveal(model.get("chosen"));
  }
  function zoomTo(wanted) {
    chosenZoom = wanted && clampTo(wanted, ...ZOOMS);
    resize();
  }
  /** The zoom at which all is seen. */
  function whole() {
    const { wide, high } = model.get("network"), tallest = getComputedStyle(scroller).maxHeight;
    return Math.min(scroller.clientWidth / wide, parseFloat(tallest) / (high + 4));
  }
  const fitting = () => zoomTo(whole());
  /** Scroll a layer into sight, inside the picture's own box alone. */
  function reveal(index) {
    const layer = drawing.layers[index];
    if (!layer) return;
    const into = (from, size, at, room) => {
      const start = from * zoom - 24, end = (from + size) * zoom + 24;
      return start < at ? start : end > at + room ? end - room : at;
    };
    scroller.scrollLeft = into(layer.x, layer.wide, scroller.scrollLeft, scroller.clientWidth);
    scroller.scrollTop = into(layer.y, layer.high, scroller.scrollTop, scroller.clientHeight);
  }

  // --- the hand -------------------------------------------------------------------------------
  const indexOf = (event) => Number(event.target.closest?.(".wb-net-layer")?.dataset.index ?? -1);
  function choose(index) {
    if (index < 0) return;
    looked = index;
    describe(said, index);
    if (!drawing.layers[index].chooses || index === model.get("chosen")) return;
    model.set("chosen", index);
    model.save_changes();
  }
  function focus(index) {
    if (index === undefined) return;
    drawing.boxes.forEach((box, i) => box.setAttribute("tabindex", i === index ? 0 : -1));
    drawing.boxes[index].focus({ preventScroll: true });
    reveal(index);
    point(index);
  }
  function key(event) {
    const index = indexOf(event);
    if (index < 0 || event.ctrlKey || event.metaKey || event.altKey) return;
    const acts = {
      Enter: () => choose(index), " ": () => choose(index), Escape: () => point(-1),
      "+": () => zoomTo(zoom * 1.25), "-": () => zoomTo(zoom / 1.25), 0: fitting,
    };
    const to = drawing.beside(index, event.key);
    if (!acts[event.key] && to === undefined) {
      if (!event.key.startsWith("Arrow")) return;
    } else (acts[event.key] ?? (() => focus(to)))();
    event.preventDefault();
    event.stopPropagation();
  }

  const { on, ...hears } = ears();
  on(window, { keydown: keepKeys }, { capture: true });
  on(scroller, {
    click: (event) => { const index = indexOf(event); choose(index); if (index >= 0) focus(index); },
    pointerover: (event) => point(indexOf(event)),
    pointerleave: () => point(-1),
    focusin: (event) => point(indexOf(event)),
    focusout: () => point(-1),
    scroll: () => point(-1),
    keydown: key,
  });
  on(smaller, { click: () => zoomTo(zoom / 1.25) });
  on(larger, { click: () => zoomTo(zoom * 1.25) });
  on(fit, { click: fitting });
  hears.model(model, ["network"], draw);
  hears.model(model, ["marks"], mark);
  hears.model(model, ["ties"], tie);
  hears.model(model, ["chosen"], show);
  hears.model(model, ["legend", "meaning"], explain);
  hears.look(scroller, resize);
  explain();
  draw();
  root.dataset.drawnMs = (performance.now() - began).toFixed(1);
  return () => hears.end();
}

export default { render };
