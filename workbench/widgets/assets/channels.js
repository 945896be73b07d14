// Channels against |value|, with the threshold, which is dragged here as on the other pictures.
// The pointer, or the arrows up and down, choose a row, which is described below.

const ROWS = { ArrowUp: -1, ArrowDown: 1 };
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

function draw(traits, el) {
  const root = document.createElement("div");
  root.className = "wb-plot wb-channels";
  root.innerHTML = HTML;
  el.append(root);
  const canvas = root.querySelector("canvas"), said = root.querySelector("output");
  const [wider, closer] = root.querySelectorAll("button");
  const painter = new HeatPainter(traits, canvas), { get } = traits;
  let row = null;

  // --- showing --------------------------------------------------------------------------------
  function text() {
    root.querySelector("b").textContent = get("title");
    root.querySelector("span").textContent = get("subtitle");
    root.querySelector(".wb-plot-foot").textContent = get("x_label");
    canvas.setAttribute("aria-label", `Threshold on the channels: ${get("title")}`);
    canvas.style.height = `${get("height")}px`;
    wider.disabled = get("zoom") <= 1;
    closer.disabled = Boolean(get("note"));
  }
  function rebuild() {
    painter.rebuild();
    if (row >= painter.rows) row = null;
  }
  function paint() {
    painter.paint(get("threshold"), hand.holds || canvas === document.activeElement, row);
    describe(get("threshold"));
  }
  function describe(t) {
    const words = row === null ? "" : painter.wordsOf(row, t);
    write(said, words || "Point at a row, or choose one with the arrows up and down.");
    const now = get("note") || [`threshold ${digits(t)}`, words].filter(Boolean).join(", ");
    for (const [name, value] of Object.entries({ valuenow: t, valuemin: get("step"),
      valuemax: get("x_max"), valuetext: now })) canvas.setAttribute(`aria-${name}`, value);
  }

  const stage = stageOf(canvas, traits, REDRAWN, { text, rebuild, paint }), { on, ask } = stage;
  const hand = handOn(traits, canvas, painter, ask);

  // --- rows -----------------------------------------------------------------------------------
  function choose(wanted) {
    if (wanted === row || !painter.rows) return;
    row = wanted === null ? null : clamp(wanted, 0, painter.rows - 1);
    ask();
  }
  function key(event) {
    if (!(event.key in ROWS) || event.ctrlKey || event.metaKey || event.altKey) return hand.key(event);
    choose(row === null ? 0 : row + ROWS[event.key] * (event.shiftKey ? 10 : 1));
    event.preventDefault();
    event.stopPropagation();
  }
  function point(event) { if (!hand.holds) choose(painter.rowAt(event.offsetY)); }

  hand.listen(on, wider, closer);
  on(canvas, { keydown: key, focus: ask, blur: ask });
  on(canvas, { pointermove: point, pointerleave: () => choose(null) });
  return stage.end;
}

export default { render: led(draw) };
