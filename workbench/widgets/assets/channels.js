// Channels against |value|, with the threshold, which is dragged here as on the other pictures.
// The pointer, or the arrows up and down, choose a row, which is described below.

const SIDES = { ArrowLeft: -1, ArrowRight: 1, PageDown: -50, PageUp: 50 };
const ROWS = { ArrowUp: -1, ArrowDown: 1 };
const ZOOM = { "+": 2, "=": 2, "-": 0.5 };
const REDRAWN = ["counts", "above", "absmax", "end", "labels", "says", "what", "x_max", "zoom",
  "step", "title", "subtitle", "x_label", "note", "height"];
const HELP = "Drag the threshold, or focus it and use the left, right, Page, Home and End keys; "
  + "up and down choose a row";
const HTML = `
  <div class="wb-plot-head"><b></b><span></span><div>
    <button type="button" title="Zoom out (key -)" aria-label="Zoom out">−</button>
    <button type="button" title="Zoom in on small values (key +)" aria-label="Zoom in">+</button>
  </div></div>
  <canvas role="slider" tabindex="0" title="${HELP}"></canvas>
  <div class="wb-plot-foot"></div>
  <output class="wb-channels-said" aria-live="polite"></output>`;

function render({ model, el }) {
  const root = document.createElement("div");
  root.className = "wb-plot wb-channels";
  root.innerHTML = HTML;
  el.append(root);
  const canvas = root.querySelector("canvas"), said = root.querySelector("output");
  const [wider, closer] = root.querySelectorAll("button");
  const painter = new HeatPainter(model, canvas), get = painter.get;
  let stale = true, frame = 0, gesture = "", lastKey = 0, grab = null, row = null;

  // --- showing --------------------------------------------------------------------------------
  function paint() {
    frame = 0;
    if (!canvas.clientWidth) { // hidden; watched anew, it calls when it has a size again
      resized.unobserve(canvas);
      resized.observe(canvas);
      return;
    }
    if (stale) painter.rebuild();
    stale = false;
    if (row !== null && row >= painter.rows) row = null;
    painter.paint(get("threshold"), grab !== null || canvas === document.activeElement, row);
    describe(get("threshold"));
  }
  function ask() { frame ||= requestAnimationFrame(paint); }
  function rebuild() { stale = true; refreshText(); ask(); }
  function describe(t) {
    const words = row === null ? "" : painter.wordsOf(row, t);
    said.textContent = words || "Point at a row, or choose one with the arrows up and down.";
    const now = get("note") || [`threshold ${digits(t)}`, words].filter(Boolean).join(", ");
    for (const [name, value] of Object.entries({ valuenow: t, valuemin: get("step"),
      valuemax: get("x_max"), valuetext: now })) canvas.setAttribute(`aria-${name}`, value);
  }
  function refreshText() {
    root.querySelector("b").textContent = get("title");
    root.querySelector("span").textContent = get("subtitle");
    root.querySelector(".wb-plot-foot").textContent = get("x_label");
    canvas.setAttribute("aria-label", `Threshold on the channels: ${get("title")}`);
    canvas.style.height = `${get("height")}px`;
    wider.disabled = get("zoom") <= 1;
    closer.disabled = Boolean(get("note"));
  }

  // --- the hand -------------------------------------------------------------------------------
  function put(values) {
    for (const [name, value] of Object.entries(values)) model.set(name, value);
    model.save_changes();
  }
  function begin() { gesture = `${Date.now()}-${Math.random()}`; }
  function move(wanted) {
    const threshold = clamp(wanted, get("step"), get("x_max"));
    if (get("note") || !(threshold > 0) || threshold === get("threshold")) return;
    put({ threshold, hand: { key: get("key"), threshold, gesture } });
  }
  function zoom(by) { put({ zoom: clamp(get("zoom") * by, 1, 256) }); }
  function choose(wanted) {
    if (wanted === row || !painter.rows) return;
    row = wanted === null ? null : clamp(wanted, 0, painter.rows - 1);
    ask();
  }
  function key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const many = event.shiftKey ? 10 : 1;
    const ends = { Home: get("step"), End: get("x_max") };
    const target = ends[event.key] ?? get("threshold") + SIDES[event.key] * many * get("step");
    if (event.key in ZOOM) zoom(ZOOM[event.key]);
    else if (event.key in ROWS) choose(row === null ? 0 : row + ROWS[event.key] * many);
    else if (!Number.isFinite(target)) return;
    else {
      if (performance.now() - lastKey > 1000) begin(); // a burst of keys is one gesture
      lastKey = performance.now();
      move(target);
    }
    event.preventDefault();
    event.stopPropagation();
  }
  function drag(event) {
    if (grab !== null) move(painter.thresholdAt(event.offsetX + grab));
    else choose(painter.rowAt(event.offsetY));
    const near = Math.abs(painter.X(get("threshold")) - event.offsetX) < 10;
    canvas.style.cursor = near || grab !== null ? "ew-resize" : "pointer";
  }
  function take(event) {
    if (event.button || get("note")) return;
    canvas.setPointerCapture(event.pointerId);
    const off = painter.X(get("threshold")) - event.offsetX;
    grab = Math.abs(off) < 10 ? off : 0; // what is caught at its edge does not jump
    begin();
    drag(event);
    ask();
  }
  function leave() { grab = null; ask(); }

  const { on, ...hears } = ears();
  on(window, { keydown: keepKeys }, { capture: true });
  on(canvas, { pointerdown: take, pointermove: drag, pointerup: leave, pointercancel: leave });
  on(canvas, { keydown: key, focus: ask, blur: ask, pointerleave: () => choose(null) });
  on(wider, { click: () => zoom(0.5) });
  on(closer, { click: () => zoom(2) });

  hears.model(model, REDRAWN, rebuild);
  hears.model(model, ["threshold"], ask);
  const resized = hears.look(canvas, rebuild);
  refreshText();

  return () => {
    hears.end();
    cancelAnimationFrame(frame);
  };
}

export default { render };
