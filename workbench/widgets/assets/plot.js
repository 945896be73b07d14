// One line over thresholds (the steps of a histogram, or a curve), with named marks, and one
// threshold that is dragged here, in the browser. Python sends arrays and hears of the hand.

const REDRAWN = ["x", "y", "above", "kind", "x_max", "zoom", "step", "log_y", "marks", "title",
  "subtitle", "x_label", "y_name", "note", "height", "slider"];
const HELP = "Drag the threshold, or focus it and use the arrow, Page, Home and End keys";
const HTML = `
  <div class="wb-plot-head"><b></b><span></span><div>
    <button type="button" title="Zoom out (key -)" aria-label="Zoom out">−</button>
    <button type="button" title="Zoom in on small thresholds (key +)" aria-label="Zoom in">+</button>
    <label title="Equal distances mean equal ratios: rare values become visible">
      <input type="checkbox"> log scale</label></div></div>
  <div class="wb-plot-stage">
    <canvas role="slider" tabindex="0" title="${HELP}"></canvas>
    <input class="wb-plot-slider" type="range" step="any" title="${HELP}"></div>
  <div class="wb-plot-foot"></div>`;

function draw(traits, el) {
  const root = document.createElement("div");
  root.className = "wb-plot";
  root.innerHTML = HTML;
  el.append(root);
  const canvas = root.querySelector("canvas"), slider = root.querySelector("[type=range]");
  const log = root.querySelector("[type=checkbox]");
  const [wider, closer] = root.querySelectorAll("button");
  const painter = new Painter(traits, canvas), { get } = traits;

  function text() {
    root.querySelector("b").textContent = get("title");
    root.querySelector("span").textContent = get("subtitle");
    root.querySelector(".wb-plot-foot").textContent = get("x_label");
    canvas.setAttribute("aria-label", `Threshold on the picture: ${get("title")}`);
    slider.setAttribute("aria-label", `Threshold slider: ${get("title")}`);
    canvas.style.height = `${get("height") + (get("slider") ? TRACK : 0)}px`;
    log.checked = get("log_y");
    wider.disabled = get("zoom") <= 1;
    for (const control of [slider, log, closer]) control.disabled = Boolean(get("note"));
    slider.hidden = !get("slider");
  }
  function rebuild() {
    painter.rebuild();
    Object.assign(slider, { min: get("step"), max: painter.span });
  }
  function paint() {
    painter.paint(get("threshold"), hand.holds || root.contains(document.activeElement));
    describe(get("threshold"));
  }
  function describe(t) {
    const said = get("note") || painter.words(t).join(", ");
    const now = { min: get("step"), max: Math.max(get("x_max"), t), now: t, text: said };
    for (const [name, value] of Object.entries(now)) canvas.setAttribute(`aria-value${name}`, value);
    if (hand.holds) return; // the slider's own thumb, which is not seen, costs a layout of the page
    slider.setAttribute("aria-valuetext", said);
    slider.value = t;
  }

  const stage = stageOf(canvas, traits, REDRAWN, { text, rebuild, paint }), { on, ask } = stage;
  const hand = handOn(traits, canvas, painter, ask);
  hand.listen(on, wider, closer);
  on(canvas, { keydown: hand.key });
  on(slider, { keydown: hand.key, pointerdown: hand.begin, input: () => hand.move(Number(slider.value)) });
  on(log, { change: () => hand.put({ log_y: log.checked }) });
  on(root, { focusin: ask, focusout: ask });
  return stage.end;
}

export default { render: led(draw) };
