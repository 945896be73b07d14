// One line over thresholds (the steps of a histogram, or a curve), with named marks, and one
// threshold that is dragged here, in the browser. Python sends arrays and hears of the hand.
//
// What depends on the data is painted once on a canvas off the screen; a drag copies that
// picture and paints the line and the clipped part over it, at most once for each frame.

const LEFT = 58, RIGHT = 96, BOTTOM = 24, PAD = 10, ROW = 17;
const KEYS = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1, PageDown: -50, PageUp: 50 };

// As look.digits in Python: 0.0123, 1.5e-7, none.
function digits(v, n = 4) {
  if (!Number.isFinite(v)) return "none";
  const rounded = Number(v.toPrecision(n)), size = Math.abs(rounded);
  return rounded && (size < 1e-4 || size >= 1e9) ? rounded.toExponential() : String(rounded);
}
const short = (v) => (v >= 1e6 ? digits(v / 1e6) + "M" : v >= 1e3 ? digits(v / 1e3) + "k" : digits(v));
const clamp = (v, low, high) => Math.min(Math.max(v, low), high);

function floats(view) {
  return new Float32Array(view.buffer.slice(view.byteOffset, view.byteOffset + view.byteLength));
}

function ticks(low, high, wanted) {
  const raw = (high - low) / wanted;
  const unit = 10 ** Math.floor(Math.log10(raw));
  const step = unit * [1, 2, 5, 10].find((k) => k * unit >= raw * 0.999);
  const first = Math.ceil(low / step - 1e-9);
  const count = Math.floor(high / step + 1e-9) - first + 1;
  return Array.from({ length: Math.max(count, 0) }, (_, i) => (first + i) * step);
}

function decades(low, high) {
  if (high / low < 30) return ticks(low, high, 4);
  const every = Math.ceil(Math.log10(high / low) / 5);
  const all = [];
  for (let k = Math.ceil(Math.log10(low) / every) * every; 10 ** k <= high; k += every) all.push(10 ** k);
  return all;
}

/** Where a value lies on the y axis: 0 at the bottom, 1 at the top. */
function yAxis(values, log, steps) {
  let low = Infinity, high = -Infinity;
  for (const v of values) {
    if (Number.isFinite(v) && (v > 0 || !log)) { low = Math.min(low, v); high = Math.max(high, v); }
  }
  if (!(high >= low)) [low, high] = [1, 10];
  if (log) {
    low = steps ? 0.5 : Math.max(low / 1.1, high * 1e-7); // a bin with a single value is seen
    high *= steps ? 1.3 : 1.1;
    const span = Math.log(high / low);
    return { at: (v) => (v > low ? Math.log(v / low) / span : 0), ticks: decades(low, high) };
  }
  low = Math.min(low, 0);
  high = high > low ? high + 0.05 * (high - low) : low + 1;
  return { at: (v) => (v - low) / (high - low), ticks: ticks(low, high, 4) };
}

/** Give each flag a row in which it covers no other flag, nor the pole of a higher one. */
function rowsOf(flags) {
  for (const flag of flags.sort((a, b) => b.x - a.x)) {
    const near = flags.filter((f) => f.row !== undefined && f.x < flag.x + flag.width + 6);
    flag.row = near.length ? 1 + Math.max(...near.map((f) => f.row)) : 0;
  }
  return flags;
}

/** Keep plain keys on our page for our page: JupyterLab would cut the cell at an "x". */
function keepKeys(event) {
  if (!event.target.closest?.(".wb-plot, .wb-view")) return;
  const plain = !(event.ctrlKey || event.metaKey || event.altKey || (event.shiftKey && event.key === "Enter"));
  event.target.toggleAttribute("data-lm-suppress-shortcuts", plain);
}

function render({ model, el }) {
  const root = document.createElement("div");
  root.className = "wb-plot";
  root.innerHTML = `
    <div class="wb-plot-head"><b></b><span></span>
      <button type="button" title="Zoom out (key -)" aria-label="Zoom out">−</button>
      <button type="button" title="Zoom in on the small thresholds (key +)" aria-label="Zoom in">+</button>
      <label title="Equal distances mean equal ratios: rare values become visible">
        <input type="checkbox"> log scale</label></div>
    <canvas role="slider" tabindex="0"></canvas>
    <input class="wb-plot-slider" type="range" step="any">
    <div class="wb-plot-foot"></div>`;
  el.append(root);
  const [title, subtitle, log] = root.querySelectorAll("b, span, [type=checkbox]");
  const canvas = root.querySelector("canvas"), slider = root.querySelector("[type=range]");
  const [wider, closer] = root.querySelectorAll("button");
  const pen = canvas.getContext("2d"), base = document.createElement("canvas");
  const get = (name) => model.get(name);
  let plot, x, y, above, axis, shape, colour, stale = true, frame = 0;
  let gesture = "", lastKey = 0, grab = null;

  // --- geometry ---------------------------------------------------------------------------
  const span = () => get("x_max") / get("zoom");
  const X = (t) => plot.left + clamp(t / span(), 0, 1) * plot.width;
  const T = (px) => limited(clamp((px - plot.left) / plot.width, 0, 1) * span());
  const Y = (v) => plot.bottom - clamp(axis.at(v), 0, 1) * (plot.bottom - plot.top);
  const limited = (t) => clamp(t, get("step"), get("x_max"));

  function measure() {
    const width = canvas.clientWidth, height = canvas.clientHeight;
    plot = { width: Math.max(width - LEFT - RIGHT, 20), left: LEFT, bottom: height - BOTTOM, full: width, height };
    plot.ratio = window.devicePixelRatio || 1;
    const style = getComputedStyle(root);
    colour = (name) => style.getPropertyValue(`--wb-${name}`).trim();
    plot.font = `12px ${style.fontFamily}`;
    pen.font = plot.font;
    plot.flags = rowsOf(get("marks").map((mark) => {
      const outside = mark.threshold > span() * 1.0001;
      const label = outside ? `${mark.label} →` : mark.label;
      return { ...mark, outside, label, x: X(mark.threshold), width: pen.measureText(label).width + 10 };
    }));
    plot.top = PAD + ROW * (1 + Math.max(-1, ...plot.flags.map((f) => f.row)));
  }

  // --- local numbers, from Python's arrays --------------------------------------------------
  function between(t) { // y at the candidate nearest to t; nothing outside of what was searched
    let i = x.findIndex((v) => v >= t * (1 - 1e-6));
    if (i > 0 && t - x[i - 1] < x[i] - t) i -= 1;
    return i < 0 ? NaN : Math.abs(x[i] - t) <= 2 * get("step") ? y[i] : NaN;
  }
  function clippedShare(t) { // linear inside a bin, as in Histogram.clipped_share
    const place = clamp((t / x[x.length - 1]) * y.length, 0, y.length), i = Math.floor(place);
    return i === y.length ? above[i] : above[i] + (place - i) * (above[i + 1] - above[i]);
  }
  function words(t) {
    const first = `threshold ${digits(t)}`;
    if (!above.length) return [first, `${get("y_name")} ${digits(between(t))}`];
    return [first, `scale ${digits(get("levels") / t)}`, `clipped ${digits(100 * clippedShare(t), 3)} %`];
  }

  // --- painting -----------------------------------------------------------------------------
  function sized(target) {
    target.width = Math.round(plot.full * plot.ratio);
    target.height = Math.round(plot.height * plot.ratio);
    const context = target.getContext("2d");
    context.setTransform(plot.ratio, 0, 0, plot.ratio, 0, 0);
    context.font = plot.font;
    return context;
  }
  function stepsPath() { // one column for each pixel of the screen, as high as its highest bin
    const path = new Path2D(), columns = Math.round(plot.width * plot.ratio);
    const end = x[x.length - 1], bins = y.length;
    path.moveTo(X(0), plot.bottom);
    for (let c = 0; c < columns; c++) {
      const t = (c / columns) * span(), next = ((c + 1) / columns) * span();
      if (t >= end) break;
      let top = 0;
      const stop = Math.min(Math.max(Math.ceil((next / end) * bins), Math.floor((t / end) * bins) + 1), bins);
      for (let i = Math.floor((t / end) * bins); i < stop; i++) top = Math.max(top, y[i]);
      path.lineTo(X(t), Y(top));
      path.lineTo(X(Math.min(next, end)), Y(top));
    }
    path.lineTo(X(end), plot.bottom); // at the edge, if the end is not in sight
    path.closePath();
    return path;
  }
  function curvePath() {
    const path = new Path2D();
    let down = false;
    for (let i = 0; i < x.length && (!i || x[i - 1] <= span()); i++) {
      if (!Number.isFinite(y[i])) { down = false; continue; }
      path[down ? "lineTo" : "moveTo"](X(x[i]), Y(y[i]));
      down = true;
    }
    return path;
  }
  function paintShape(context, name) {
    context.fillStyle = context.strokeStyle = colour(name);
    context.lineWidth = 2;
    context.lineJoin = "round";
    if (get("kind") === "steps") return context.fill(shape);
    context.save();
    context.beginPath();
    context.rect(plot.left, plot.top, plot.width, plot.bottom - plot.top + 2);
    context.clip();
    context.stroke(shape);
    context.restore();
  }
  function paintAxes(context) {
    context.lineWidth = 1;
    context.textBaseline = "middle";
    context.textAlign = "right";
    const name = get("kind") === "steps" ? short : (v) => (v && Math.abs(v) < 1e-3 ? v.toExponential(0) : digits(v));
    for (const v of axis.ticks) {
      const at = Math.round(Y(v)) + 0.5;
      context.fillStyle = colour("grid");
      context.fillRect(plot.left, at - 0.5, plot.width, 1);
      context.fillStyle = colour("faint");
      context.fillText(name(v), plot.left - 8, at);
    }
    context.fillStyle = colour("faint");
    context.fillRect(plot.left, plot.bottom, plot.width, 1);
    context.textAlign = "center";
    for (const v of ticks(0, span(), clamp(plot.width / 90, 2, 12))) {
      context.fillRect(Math.round(X(v)), plot.bottom, 1, 5);
      context.fillText(digits(v), X(v), plot.bottom + 15);
    }
  }
  function dashed(context, flag) {
    context.setLineDash(flag.dash || []);
    context.beginPath();
    context.moveTo(flag.x, plot.bottom);
    context.lineTo(flag.x, plot.top);
    context.stroke();
    context.setLineDash([]);
  }
  function paintFlags(context) {
    context.textAlign = "left";
    for (const flag of plot.flags) {
      const top = plot.top - ROW * (flag.row + 1);
      context.strokeStyle = context.fillStyle = colour(flag.colour) || flag.colour;
      context.lineWidth = 1.5;
      if (!flag.outside) dashed(context, flag);
      context.fillRect(flag.x - 0.75, top + 1, 1.5, plot.top - top - 1);
      context.fillRect(flag.x - 0.75, top + 1, 4, ROW - 3);
      context.fillStyle = colour("ink");
      context.fillText(flag.label, flag.x + 7, top + ROW / 2);
    }
  }
  function paintBase() {
    measure();
    [x, y, above] = [floats(get("x")), floats(get("y")), floats(get("above"))];
    axis = yAxis(y, get("log_y"), get("kind") === "steps");
    const context = sized(base);
    paintAxes(context);
    shape = get("kind") === "steps" ? stepsPath() : curvePath();
    paintShape(context, get("kind") === "steps" ? "kept" : "line");
    paintFlags(context);
    sized(canvas);
    stale = false;
  }
  function paintClipped(at) {
    const right = plot.left + plot.width;
    pen.save();
    pen.beginPath();
    pen.rect(at, plot.top, right - at, plot.bottom - plot.top);
    pen.clip();
    pen.fillStyle = colour("veil");
    pen.fillRect(at, plot.top, right - at, plot.bottom - plot.top);
    paintShape(pen, "clipped");
    pen.restore();
  }
  function paintPoint(t) {
    if (t > span() || !Number.isFinite(between(t))) return;
    pen.fillStyle = colour("clipped");
    pen.beginPath();
    pen.arc(X(t), Y(between(t)), 5, 0, 7);
    pen.fill();
  }
  function paintLine(at) {
    const middle = (plot.top + plot.bottom) / 2, active = grab !== null || root.contains(document.activeElement);
    pen.fillStyle = colour("ink");
    pen.fillRect(at - 1, plot.top, 2, plot.bottom - plot.top);
    pen.beginPath();
    pen.roundRect(at - 7, middle - 13, 14, 26, 7);
    pen.fillStyle = colour(active ? "focus" : "ink");
    pen.fill();
    pen.fillStyle = colour("paper");
    for (const dx of [-2.5, 1.5]) pen.fillRect(at + dx, middle - 5, 1, 10);
  }
  function paintWords(at, lines) {
    const width = Math.max(...lines.map((line) => pen.measureText(line).width)) + 16;
    const left = at + 14 + width > plot.left + plot.width ? at - 14 - width : at + 14;
    const height = lines.length * 16 + 8;
    pen.fillStyle = colour("paper");
    pen.strokeStyle = colour("grid");
    pen.lineWidth = 1;
    pen.beginPath();
    pen.roundRect(left + 0.5, plot.top + 6.5, width, height, 4);
    pen.globalAlpha = 0.9;
    pen.fill();
    pen.globalAlpha = 1;
    pen.stroke();
    pen.fillStyle = colour("ink");
    pen.textAlign = "left";
    pen.textBaseline = "middle";
    lines.forEach((line, i) => pen.fillText(line, left + 8, plot.top + 19 + 16 * i));
  }
  function paint() {
    frame = 0;
    if (!canvas.clientWidth) { // hidden; watched anew, it calls when it has a size again
      resized.unobserve(canvas);
      resized.observe(canvas);
      return;
    }
    if (stale) paintBase();
    const t = get("threshold"), lines = words(t);
    pen.clearRect(0, 0, plot.full, plot.height);
    pen.drawImage(base, 0, 0, plot.full, plot.height);
    if (get("note")) {
      pen.fillStyle = colour("ink");
      pen.textAlign = "center";
      pen.fillText(get("note"), plot.left + plot.width / 2, (plot.top + plot.bottom) / 2);
    } else {
      if (get("kind") === "steps") paintClipped(X(t));
      else paintPoint(t);
      paintLine(X(t));
      paintWords(X(t), lines);
    }
    describe(t, lines.join(", "));
  }
  function describe(t, said) {
    const known = { valuemin: get("step"), valuemax: Math.max(get("x_max"), t), valuenow: t, valuetext: said };
    for (const [name, value] of Object.entries(known)) canvas.setAttribute(`aria-${name}`, value);
    slider.setAttribute("aria-valuetext", said);
    Object.assign(slider, { min: get("step"), max: span(), value: t });
  }
  function refreshText() {
    title.textContent = get("title");
    subtitle.textContent = get("subtitle");
    root.querySelector(".wb-plot-foot").textContent = get("x_label");
    log.checked = get("log_y");
    canvas.setAttribute("aria-label", `Threshold on the picture: ${get("title")}`);
    slider.setAttribute("aria-label", `Threshold slider: ${get("title")}`);
    canvas.title = slider.title = "Drag the threshold, or focus it and use the arrow, Page, Home and End keys";
    canvas.style.height = `${get("height")}px`;
    wider.disabled = get("zoom") <= 1;
    for (const control of [slider, log, closer]) control.disabled = Boolean(get("note"));
    slider.hidden = !get("slider");
  }
  function ask() { frame ||= requestAnimationFrame(paint); }
  function rebuild() { stale = true; refreshText(); ask(); }

  // --- the hand -----------------------------------------------------------------------------
  function begin() { gesture = `${Date.now()}-${Math.random()}`; }
  function move(t) {
    if (get("note") || t === get("threshold")) return;
    model.set("threshold", t);
    model.set("hand", { key: get("key"), threshold: t, gesture });
    model.save_changes();
  }
  function zoom(by) {
    model.set("zoom", clamp(get("zoom") * by, 1, 256));
    model.save_changes();
  }
  function key(event) {
    if (!event.ctrlKey && !event.metaKey && "+-".includes(event.key)) zoom(event.key === "+" ? 2 : 0.5);
    const now = performance.now(), stepped = KEYS[event.key] * (event.shiftKey ? 10 : 1) * get("step");
    const target = { Home: get("step"), End: get("x_max") }[event.key] ?? get("threshold") + stepped;
    if (!Number.isFinite(target) || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    event.stopPropagation();
    if (now - lastKey > 1000) begin();
    lastKey = now;
    move(limited(target));
  }
  const ear = new AbortController();
  const on = (target, type, heard) => target.addEventListener(type, heard, { signal: ear.signal });
  on(canvas, "pointerdown", (event) => {
    if (event.button || get("note")) return;
    canvas.setPointerCapture(event.pointerId);
    const off = X(get("threshold")) - event.offsetX;
    grab = Math.abs(off) < 10 ? off : 0;
    begin();
    move(T(event.offsetX + grab));
    ask();
  });
  on(canvas, "pointermove", (event) => {
    if (grab !== null) move(T(event.offsetX + grab));
    const near = plot && Math.abs(X(get("threshold")) - event.offsetX) < 10;
    canvas.style.cursor = near || grab !== null ? "ew-resize" : "pointer";
  });
  for (const type of ["pointerup", "pointercancel"]) on(canvas, type, () => { grab = null; ask(); });
  window.addEventListener("keydown", keepKeys, { signal: ear.signal, capture: true });
  on(canvas, "keydown", key);
  on(slider, "keydown", key);
  on(slider, "pointerdown", begin);
  on(slider, "input", () => move(limited(Number(slider.value))));
  on(wider, "click", () => zoom(0.5));
  on(closer, "click", () => zoom(2));
  on(log, "change", () => { model.set("log_y", log.checked); model.save_changes(); });
  on(root, "focusin", ask);
  on(root, "focusout", ask);

  const data = ["x", "y", "above", "kind", "x_max", "zoom", "step", "log_y", "marks", "title", "subtitle",
    "x_label", "y_name", "note", "height", "slider"].map((name) => `change:${name}`).join(" ");
  model.on(data, rebuild);
  model.on("change:threshold", ask);
  const resized = new ResizeObserver(rebuild), themed = new MutationObserver(rebuild);
  resized.observe(canvas);
  themed.observe(document.body, { attributeFilter: ["data-jp-theme-name", "data-jp-theme-light"] });
  refreshText();

  return () => {
    ear.abort();
    model.off(data, rebuild);
    model.off("change:threshold", ask);
    resized.disconnect();
    themed.disconnect();
    cancelAnimationFrame(frame);
  };
}

export default { render };
