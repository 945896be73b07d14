// What the picture of a KL search's candidate is drawn from, and where: its arrays, the axis of
// bins that its panels share, and the scale of each. A bin narrower than a pixel of the screen
// shares its column with others; the highest is drawn.

const STEPS_LEFT = 62, STEPS_RIGHT = 22, STEPS_FLAG = 22, STEPS_TITLE = 24, STEPS_FOOT = 24;
const NEAR = 40, CLOSE = 12; // bins in a close-up; pixels of a bin that is looked at alone
const PANELS = [ // stage: when it appears
  { name: "clipped", stage: 1, height: 126, unit: "share of all values", title: "The histogram, clipped: P",
    legend: [["kept", "kept bins"], ["clipped", "beyond"], ["outlier", "collected"]] },
  { name: "grouped", stage: 3, height: 88, unit: "", title: "Its groups",
    teaser: "the kept bins, gathered into one group for each level",
    legend: [["group-a", ""], ["group-b", "bins, group by group"], ["level", "the group's level"]] },
  { name: "expanded", stage: 4, height: 110, unit: "", title: "The groups expanded: Q",
    teaser: "each group, laid out over its bins again",
    legend: [["expanded", "Q"], ["ink", "P, as an outline"]] },
  { name: "shares", stage: 5, height: 96, unit: "nats", title: "Each bin's share of the divergence",
    teaser: "where P and Q differ, and how much it counts",
    legend: [["more", "P above Q"], ["less", "P below Q"]] },
];
const STEPS_HEIGHT = STEPS_FLAG + STEPS_FOOT + PANELS.reduce((sum, p) => sum + p.height + STEPS_TITLE, 0);
const ARRAYS = ["clipped", "grouped", "expanded", "shares"];

class StepsAxes {
  constructor(model, canvas, timeline) {
    Object.assign(this, { model, canvas, timeline });
    this.get = (name) => model.get(name);
  }

  // --- what there is -----------------------------------------------------------------------------
  takeData() {
    this.heights = floats(this.get("heights"));
    this.curve = floats(this.get("curve"));
    this.bins = this.heights.length;
    this.tail = this.heights.subarray(this.get("target_bins") - 1).reduce((sum, v) => sum + v, 0);
    this.highest = this.heights.reduce((a, b) => Math.max(a, b), 0);
    this.lossAxis = yAxis(this.curve, true, false);
  }
  takeStep() {
    const step = this.get("step");
    this.t = step.t;
    for (const name of ARRAYS) this[name] = floats(step[name]);
    this.width = this.t / this.get("target_bins"); // of a group, in bins
    this.own = Math.max(this.clipped[this.t - 1] - step.outliers, 0);
  }

  // --- geometry: bins to pixels from the canvas's corner -----------------------------------------
  measure() {
    Object.assign(this, lookOf(this.canvas));
    this.small = this.font.replace("12px", "11px");
    this.bold = `600 ${this.font}`;
    this.wide = Math.max(this.canvas.clientWidth - STEPS_LEFT - STEPS_RIGHT, 40);
  }
  window() {
    const zoom = this.get("zoom"), { t, bins } = this;
    if (zoom === "kept") return [0, Math.min(bins, Math.ceil(t * 1.04) + 1)];
    if (zoom !== "near" || bins <= NEAR) return [0, bins];
    const end = Math.min(bins, t + 8);
    return [Math.max(end - NEAR, 0), Math.max(end, NEAR)];
  }
  X(bin) { return STEPS_LEFT + ((bin - this.first) / (this.end - this.first)) * this.wide; }
  sharp(x) { return Math.round(x * this.ratio) / this.ratio; }
  binAt(px) { return Math.floor(this.first + ((px - STEPS_LEFT) / this.wide) * (this.end - this.first)); }
  lossX(t) { return STEPS_LEFT + (t / this.bins) * this.wide; }
  candidateAt(px) { return Math.round(((px - STEPS_LEFT) / this.wide) * this.bins); }

  /** Visit the columns of things that are `unit` bins wide: (left, right, value of the highest). */
  columns(values, visit, { unit = 1, from = 0, to = values.length } = {}) {
    const start = Math.max(from, Math.floor(this.first / unit));
    const stop = Math.min(to, Math.ceil(this.end / unit));
    const perPixel = 1 / (this.perBin * unit * this.ratio); // things in a pixel of the screen
    if (perPixel <= 1) {
      for (let i = start; i < stop; i++) {
        visit(this.sharp(this.X(i * unit)), this.sharp(this.X((i + 1) * unit)), values[i], i);
      }
      return;
    }
    const left = Math.round(this.X(start * unit) * this.ratio);
    const right = Math.round(this.X(stop * unit) * this.ratio);
    for (let c = left; c < right; c++) {
      const begin = start + Math.floor((c - left) * perPixel);
      const until = Math.min(Math.max(start + Math.ceil((c + 1 - left) * perPixel), begin + 1), stop);
      let high = values[Math.min(begin, stop - 1)];
      for (let i = begin + 1; i < until; i++) if (values[i] > high) high = values[i];
      visit(c / this.ratio, (c + 1) / this.ratio, high, begin);
    }
  }
  gap(left, right) { return right - left > 7 ? 1.5 : right - left > 3 ? 1 / this.ratio : 0; }

  /** Scale of a panel: a share of all values, or of the divergence, to pixels. */
  scaleOf(panel) {
    if (panel.name === "shares") return this.shareScale(panel);
    const log = this.get("log_y"), { top, bottom } = panel;
    const most = panel.name === "grouped" ? this.tallest : this.mostOf(log);
    const high = (log ? 1.5 : 1.15) * most || 1;
    const single = 0.5 / Math.max(this.get("total"), 1); // a bin with a single value is seen
    const low = log ? Math.max(Math.min(single, high / 30), high * 1e-7) : 0;
    const span = log ? Math.log(high / low) : high;
    const at = log ? (v) => (v > low ? Math.log(v / low) / span : 0) : (v) => Math.max(v, 0) / span;
    return {
      Y: (v) => bottom - Math.min(at(v), 1) * (bottom - top),
      over: (v) => v > high,
      ticks: log ? decades(low, high) : ticks(0, high, 3),
    };
  }
  mostOf(log) { // the same for all candidates, so that the axis stands still in the film
    if (this.get("zoom") === "near") return Math.max(this.clipped[this.t - 1], this.tallest);
    return log ? Math.max(this.highest, this.tail) : Math.min(Math.max(this.highest, this.tail), 1.6 * this.highest);
  }
  shareScale({ top, bottom }) {
    const seen = this.shares.subarray(this.first, Math.min(this.end, this.t - 1));
    const rest = seen.reduce((a, v) => Math.max(a, Math.abs(v)), 0); // the last bin may be cut
    const last = this.shares[this.t - 1], lowest = seen.reduce((a, b) => Math.min(a, b), last);
    const most = 1.05 * Math.min(Math.max(rest, Math.abs(last)), 3 * rest || Infinity) || 1;
    const low = Math.min(-most * 0.1, Math.max(lowest * 1.05, -most));
    return {
      Y: (v) => bottom - ((clamp(v, low, most) - low) / (most - low)) * (bottom - top),
      over: (v) => v > most || v < low,
      ticks: ticks(low, most, 4),
    };
  }

  // --- what surrounds the data -------------------------------------------------------------------
  paintTitle(panel, shown) {
    const { pen } = this, y = panel.row, end = STEPS_LEFT + this.wide;
    const text = shown ? panel.title : `${panel.title} (stage ${panel.stage})`;
    pen.textAlign = "left";
    pen.font = this.bold;
    pen.fillStyle = this.colour(shown ? "ink" : "faint");
    pen.fillText(text, STEPS_LEFT, y);
    let x = STEPS_LEFT + pen.measureText(text).width + 16;
    pen.font = this.small;
    for (const [colour, label] of shown ? panel.legend : []) {
      const width = label ? pen.measureText(label).width + 28 : 13;
      if (x + width > end + 12 || (colour === "outlier" && this.stage < 2)) break;
      const line = colour === "level" || colour === "ink";
      pen.fillStyle = this.colour(colour);
      pen.fillRect(x, line ? y - 1 : y - 5, line ? 12 : 10, line ? 2 : 10);
      pen.fillStyle = this.colour("faint");
      pen.fillText(label, x + 16, y);
      x += width;
    }
    pen.textAlign = "right";
    if (shown && x + pen.measureText(panel.unit).width < end) pen.fillText(panel.unit, end, y);
    pen.font = this.font;
  }
  paintTeaser({ teaser, top, height }) {
    this.pen.fillStyle = this.colour("faint");
    this.pen.textAlign = "left";
    this.pen.fillText(teaser, STEPS_LEFT, top + 8);
  }
  paintAxis(panel, scale) {
    const { pen } = this;
    let last = Infinity;
    pen.textAlign = "right";
    pen.font = this.small;
    for (const v of scale.ticks) {
      const at = Math.round(scale.Y(v));
      if (last - at < 15 || at < panel.top) continue;
      last = at;
      pen.fillStyle = this.colour("grid");
      pen.fillRect(STEPS_LEFT, at, this.wide, 1);
      pen.fillStyle = this.colour("faint");
      const small = v && Math.abs(v) < 1e-3;
      pen.fillText(small ? Number(v.toPrecision(3)).toExponential() : digits(v, 3), STEPS_LEFT - 8, at);
    }
    pen.font = this.font;
  }
  paintVeils(panel, hovered) {
    const { pen } = this, x = clamp(this.X(this.t), STEPS_LEFT, STEPS_LEFT + this.wide);
    pen.fillStyle = this.colour("veil");
    pen.fillRect(x, panel.top, STEPS_LEFT + this.wide - x, panel.height);
    if (hovered === null) return;
    const at = this.sharp(this.X(hovered));
    pen.fillStyle = this.colour("hover");
    pen.fillRect(at, panel.top, Math.max(this.perBin, 1), panel.height);
  }
  halo(text, x, y) {
    const { pen } = this;
    pen.strokeStyle = this.colour("paper");
    pen.lineWidth = 3;
    pen.lineJoin = "round";
    pen.strokeText(text, x, y);
    pen.fillStyle = this.colour("ink");
    pen.fillText(text, x, y);
  }

  paintBins(y) {
    const { pen } = this;
    pen.font = this.small;
    pen.textAlign = "center";
    pen.fillStyle = this.colour("faint");
    const room = (pen.measureText(String(this.end)).width + 6) / this.perBin;
    const every = this.perBin < 6 ? 0 : [1, 2, 5, 10].find((k) => k >= room);
    if (every) { // bins that are seen: their numbers stand below them
      for (let i = Math.ceil(this.first / every) * every; i < this.end; i += every) {
        pen.fillText(String(i), this.X(i + 0.5), y + 12);
      }
    } else {
      for (const v of ticks(this.first, this.end, clamp(this.wide / 90, 2, 12))) {
        pen.fillRect(Math.round(this.X(v)), y, 1, 5);
        pen.fillText(digits(v), this.X(v), y + 14);
      }
    }
    pen.textAlign = "right";
    pen.fillText("bin", STEPS_LEFT - 14, y + 13);
    pen.font = this.font;
  }
  paintFlag() {
    const { pen } = this, x = this.sharp(this.X(this.t)), label = `candidate ${this.t}`;
    pen.font = this.bold;
    const width = pen.measureText(label).width + 14;
    const left = clamp(x - width / 2, STEPS_LEFT, STEPS_LEFT + this.wide + STEPS_RIGHT - width);
    pen.fillStyle = this.colour("ink");
    pen.fillRect(x - 1, STEPS_TITLE + 8, 2, STEPS_FLAG + PANELS[0].height - 8);
    pen.beginPath();
    pen.roundRect(left, STEPS_TITLE + 1, width, STEPS_FLAG - 5, 4);
    pen.fill();
    pen.fillStyle = this.colour("paper");
    pen.textAlign = "center";
    pen.fillText(label, left + width / 2, STEPS_TITLE + STEPS_FLAG / 2 - 1);
    pen.font = this.font;
  }
}
