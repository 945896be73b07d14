// The picture of a plot. What depends on the data is painted once, on a canvas off the screen;
// a drag copies that and paints the line and the clipped part over it.

const LEFT = 58, RIGHT = 96, BOTTOM = 24, PAD = 10, ROW = 17;
const TRACK = 20; // of the slider, which is painted too; plot.css knows LEFT, RIGHT and TRACK

class Painter {
  constructor({ get }, canvas) {
    this.get = get;
    this.canvas = canvas;
    this.pen = canvas.getContext("2d");
    this.base = document.createElement("canvas");
  }

  // --- geometry: x is in thresholds, pixels count from the canvas's corner ---------------------
  get span() { return this.get("x_max") / this.get("zoom"); }
  get steps() { return this.get("kind") === "steps"; }
  X(t) { return LEFT + clamp(t / this.span, 0, 1) * this.width; }
  Y(v) { return this.bottom - clamp(this.axis.at(v), 0, 1) * (this.bottom - this.top); }
  thresholdAt(px) { return clamp((px - LEFT) / this.width, 0, 1) * this.span; }

  measure() {
    Object.assign(this, lookOf(this.canvas));
    this.full = this.canvas.clientWidth;
    this.width = Math.max(this.full - LEFT - RIGHT, 20);
    this.height = this.canvas.clientHeight;
    this.track = this.get("slider") ? TRACK : 0;
    this.bottom = this.height - BOTTOM - this.track;
    this.flags = rowsOf(this.get("marks").map((mark) => this.flagOf(mark)));
    this.top = PAD + ROW * (1 + Math.max(-1, ...this.flags.map((flag) => flag.row)));
  }
  flagOf(mark) {
    const outside = mark.threshold > this.span * 1.0001;
    const label = outside ? `${mark.label} →` : mark.label;
    this.pen.font = this.font;
    const width = this.pen.measureText(label).width + 10;
    return { ...mark, outside, label, width, x: this.X(mark.threshold) };
  }

  // --- numbers next to the line, from Python's arrays ------------------------------------------
  valueAt(t) { // at the candidate nearest to t; nothing outside of what was searched
    const { x, y } = this;
    let i = x.findIndex((v) => v >= t * (1 - 1e-6));
    if (i > 0 && t - x[i - 1] < x[i] - t) i -= 1;
    return i >= 0 && Math.abs(x[i] - t) <= 2 * this.get("step") ? y[i] : NaN;
  }
  clippedShare(t) { // linear inside a bin, as in Histogram.clipped_share
    const { x, above } = this, bins = x.length - 1;
    const place = clamp((t / x[bins]) * bins, 0, bins), i = Math.floor(place);
    return i === bins ? above[i] : above[i] + (place - i) * (above[i + 1] - above[i]);
  }
  words(t) {
    const first = `threshold ${digits(t)}`;
    if (!this.above.length) return [first, `${this.get("y_name")} ${digits(this.valueAt(t))}`];
    const share = `clipped ${digits(100 * this.clippedShare(t), 3)} %`;
    return [first, `scale ${digits(this.get("levels") / t)}`, share];
  }

  // --- what depends on the data ----------------------------------------------------------------
  rebuild() {
    this.measure();
    for (const name of ["x", "y", "above"]) this[name] = floats(this.get(name));
    this.axis = yAxis(this.y, this.get("log_y"), this.steps);
    const context = this.sized(this.base);
    this.paintAxes(context);
    this.shape = this.steps ? this.stepsPath() : this.curvePath();
    this.paintShape(context, this.steps ? "kept" : "line");
    this.paintFlags(context);
    this.sized(this.canvas);
  }
  sized(target) {
    return penOf(target, this.full, this.height, this);
  }
  stepsPath() { // one column for each pixel of the screen, as high as its highest bin
    const path = new Path2D(), columns = Math.round(this.width * this.ratio);
    const bins = this.y.length, end = this.x[bins] ?? 0;
    path.moveTo(LEFT, this.bottom);
    for (let c = 0; c < columns && (c / columns) * this.span < end; c++) {
      const t = (c / columns) * this.span, next = ((c + 1) / columns) * this.span;
      const first = Math.floor((t / end) * bins), stop = Math.ceil((next / end) * bins);
      const top = Math.max(...this.y.subarray(first, Math.max(stop, first + 1)));
      path.lineTo(this.X(t), this.Y(top));
      path.lineTo(this.X(Math.min(next, end)), this.Y(top));
    }
    path.lineTo(this.X(end), this.bottom); // at the edge, if the end is not in sight
    path.closePath();
    return path;
  }
  curvePath() {
    const { x, y } = this, path = new Path2D();
    let down = false;
    for (let i = 0; i < x.length && (!i || x[i - 1] <= this.span); i++) {
      if (Number.isFinite(y[i])) path[down ? "lineTo" : "moveTo"](this.X(x[i]), this.Y(y[i]));
      down = Number.isFinite(y[i]);
    }
    return path;
  }
  paintShape(context, name) {
    context.fillStyle = context.strokeStyle = this.colour(name);
    context.lineWidth = 2;
    context.lineJoin = "round";
    context[this.steps ? "fill" : "stroke"](this.shape);
  }
  paintAxes(context) {
    const label = this.steps ? short : (v) => (v && v < 1e-3 ? v.toExponential(0) : digits(v));
    context.textBaseline = "middle";
    context.textAlign = "right";
    for (const v of this.axis.ticks) {
      const at = Math.round(this.Y(v));
      context.fillStyle = this.colour("grid");
      context.fillRect(LEFT, at, this.width, 1);
      context.fillStyle = this.colour("faint");
      context.fillText(label(v), LEFT - 8, at);
    }
    context.fillStyle = this.colour("grid");
    if (this.track) context.fillRect(LEFT, this.height - TRACK / 2 - 2, this.width, 4);
    context.fillStyle = this.colour("faint");
    context.fillRect(LEFT, this.bottom, this.width, 1);
    context.textAlign = "center";
    for (const v of ticks(0, this.span, clamp(this.width / 90, 2, 12))) {
      context.fillRect(Math.round(this.X(v)), this.bottom, 1, 5);
      context.fillText(digits(v), this.X(v), this.bottom + 15);
    }
  }
  paintFlags(context) {
    context.textAlign = "left";
    for (const flag of this.flags) {
      const top = this.top - ROW * (flag.row + 1);
      context.strokeStyle = context.fillStyle = this.colour(flag.colour) || flag.colour;
      context.fillRect(flag.x - 0.75, top + 1, 1.5, this.top - top - 1);
      context.fillRect(flag.x - 0.75, top + 1, 4, ROW - 3);
      if (!flag.outside) this.paintPole(context, flag);
      context.fillStyle = this.colour("ink");
      context.fillText(flag.label, flag.x + 7, top + ROW / 2);
    }
  }
  paintPole(context, flag) {
    context.lineWidth = 1.5;
    context.setLineDash(flag.dash || []);
    context.beginPath();
    context.moveTo(flag.x, this.bottom);
    context.lineTo(flag.x, this.top);
    context.stroke();
    context.setLineDash([]);
  }

  // --- what depends on the threshold -----------------------------------------------------------
  paint(t, active) {
    const { pen } = this, at = this.X(t);
    pen.clearRect(0, 0, this.full, this.height);
    pen.drawImage(this.base, 0, 0, this.full, this.height);
    if (this.get("note")) return this.paintNote();
    if (this.steps) this.paintClipped(at);
    else this.paintPoint(t);
    if (this.track) this.paintDot(at, this.height - TRACK / 2, 8, "line");
    this.paintLine(at, active);
    this.paintWords(at, this.words(t));
  }
  paintNote() {
    this.pen.fillStyle = this.colour("ink");
    this.pen.textAlign = "center";
    this.pen.fillText(this.get("note"), LEFT + this.width / 2, (this.top + this.bottom) / 2);
  }
  paintClipped(at) {
    const { pen } = this;
    pen.save();
    pen.beginPath();
    pen.rect(at, this.top, LEFT + this.width - at, this.bottom - this.top);
    pen.clip();
    pen.fillStyle = this.colour("veil");
    pen.fillRect(at, this.top, LEFT + this.width - at, this.bottom - this.top);
    this.paintShape(pen, "clipped");
    pen.restore();
  }
  paintPoint(t) {
    const value = this.valueAt(t);
    if (t > this.span || !Number.isFinite(value)) return;
    this.paintDot(this.X(t), this.Y(value), 5, "clipped");
  }
  paintDot(x, y, radius, name) {
    this.pen.fillStyle = this.colour(name);
    this.pen.beginPath();
    this.pen.arc(x, y, radius, 0, 7);
    this.pen.fill();
  }
  paintLine(at, active) {
    const { pen } = this, middle = (this.top + this.bottom) / 2;
    pen.fillStyle = this.colour("ink");
    pen.fillRect(at - 1, this.top, 2, this.bottom - this.top);
    pen.fillStyle = this.colour(active ? "focus" : "ink");
    pen.beginPath();
    pen.roundRect(at - 7, middle - 13, 14, 26, 7);
    pen.fill();
    pen.fillStyle = this.colour("paper");
    for (const dx of [-2.5, 1.5]) pen.fillRect(at + dx, middle - 5, 1, 10);
  }
  paintWords(at, lines) {
    const { pen } = this;
    const width = Math.max(...lines.map((line) => pen.measureText(line).width)) + 16;
    const left = at + 14 + width > LEFT + this.width ? at - 14 - width : at + 14;
    pen.fillStyle = this.colour("paper");
    pen.strokeStyle = this.colour("grid");
    pen.lineWidth = 1;
    pen.beginPath();
    pen.roundRect(left + 0.5, this.top + 6.5, width, lines.length * 16 + 8, 4);
    pen.globalAlpha = 0.9;
    pen.fill();
    pen.globalAlpha = 1;
    pen.stroke();
    pen.fillStyle = this.colour("ink");
    pen.textAlign = "left";
    pen.textBaseline = "middle";
    lines.forEach((line, i) => pen.fillText(line, left + 8, this.top + 19 + 16 * i));
  }
}
