// The picture of the channels: rows against |value|, counts as colour. As in a plot, what depends
// on the data is painted once, off the screen; a drag shows more or less of the clipped part.

const MANY = 5, HEATS = { kept: "heat", clipped: "heat-clipped" };

/** Colours of a scale, from the least count to the greatest, as [r, g, b]. */
function rampOf(colour, name) {
  const hex = Array.from({ length: MANY }, (_, i) => colour(`${name}-${i}`));
  const stops = hex.map((c) => [1, 3, 5].map((at) => parseInt(c.slice(at, at + 2), 16)));
  return (part) => { // 0 to 1
    const place = clamp(part, 0, 1) * (MANY - 1), i = Math.min(Math.floor(place), MANY - 2);
    return stops[i].map((v, k) => v + (place - i) * (stops[i + 1][k] - v));
  };
}

class HeatPainter extends Painter {
  get rows() { return this.get("labels").length; }
  get area() { return this.bottom - this.top; }
  rowY(row) { return this.top + (row / this.rows) * this.area; }
  rowAt(py) { return clamp(Math.floor(((py - this.top) / this.area) * this.rows), 0, this.rows - 1); }

  measure() {
    Object.assign(this, lookOf(this.canvas));
    this.full = this.canvas.clientWidth;
    this.width = Math.max(this.full - LEFT - RIGHT, 20);
    this.height = this.canvas.clientHeight;
    this.bottom = this.height - BOTTOM;
    this.top = PAD;
  }

  rebuild() {
    this.measure();
    for (const name of ["counts", "above", "absmax"]) this[name] = floats(this.get(name));
    this.bins = this.rows ? this.counts.length / this.rows : 0;
    this.most = this.counts.reduce((most, n) => Math.max(most, n), 1);
    const context = this.sized(this.base);
    this.paintGrid(context);
    if (this.rows) {
      this.over = this.over ?? document.createElement("canvas");
      this.paintCells(context, HEATS.kept);
      this.paintCells(this.sized(this.over), HEATS.clipped);
      this.paintLegend(context);
    }
    this.sized(this.canvas);
  }
  cellsOf(name) { // one pixel for each cell
    const ramp = rampOf(this.colour, name), most = Math.log(this.most) || 1;
    const image = new ImageData(this.bins, this.rows);
    this.counts.forEach((n, i) => {
      if (n > 0) image.data.set([...ramp(Math.log(n) / most), 255], 4 * i);
    });
    const cells = document.createElement("canvas");
    Object.assign(cells, { width: this.bins, height: this.rows });
    cells.getContext("2d").putImageData(image, 0, 0);
    return cells;
  }
  paintCells(context, name) {
    const shown = Math.min(this.span / this.get("end"), 1) * this.bins;
    const wide = (this.get("end") / this.span) * this.width;
    context.imageSmoothingEnabled = false;
    context.drawImage(this.cellsOf(name), 0, 0, shown, this.rows,
      LEFT, this.top, Math.min(wide, this.width), this.area);
    context.fillStyle = this.colour("ink"); // the largest value of each row
    const high = Math.max(this.area / this.rows, 1);
    this.absmax.forEach((v, row) => {
      if (v > 0 && v <= this.span) context.fillRect(this.X(v) - 0.5, this.rowY(row), 1.5, high);
    });
  }
  paintGrid(context) {
    context.textBaseline = "middle";
    context.textAlign = "center";
    context.fillStyle = this.colour("faint");
    context.fillRect(LEFT, this.bottom, this.width, 1);
    for (const v of ticks(0, this.span, clamp(this.width / 90, 2, 12))) {
      context.fillRect(Math.round(this.X(v)), this.bottom, 1, 5);
      context.fillText(digits(v), this.X(v), this.bottom + 15);
    }
    if (!this.rows) return;
    context.save();
    context.translate(11, (this.top + this.bottom) / 2);
    context.rotate(-Math.PI / 2);
    if (this.area > 50) context.fillText(this.get("what"), 0, 0);
    context.restore();
    this.paintRowNames(context);
  }
  paintRowNames(context) { // every so many, that they do not touch
    const labels = this.get("labels"), room = (17 * this.rows) / this.area;
    const size = 10 ** Math.floor(Math.log10(Math.max(room, 1)));
    const every = [1, 2, 5, 10].map((k) => k * size).find((k) => k >= room);
    context.textAlign = "right";
    for (let row = 0; row < this.rows; row += every) {
      const middle = Math.max((this.rowY(row) + this.rowY(row + 1)) / 2, this.top + 5);
      context.fillRect(LEFT - 4, Math.round(middle), 4, 1);
      context.fillText(labels[row], LEFT - 8, middle);
    }
  }
  paintLegend(context) {
    const left = LEFT + this.width + 18, top = this.top + 18;
    const high = Math.min(this.bottom - top - 4, 130);
    if (high < 24) return;
    const scales = Object.values(HEATS).map((name) => rampOf(this.colour, name));
    for (let y = 0; y < high; y++) {
      scales.forEach((ramp, i) => {
        context.fillStyle = `rgb(${ramp(1 - y / (high - 1)).map(Math.round)})`;
        context.fillRect(left + 13 * i, top + y, 12, 1);
      });
    }
    context.fillStyle = this.colour("faint");
    context.textAlign = "left";
    context.fillText("values", left, this.top + 8);
    const span = Math.log(this.most);
    const marks = span ? [1, ...(high > 50 ? decades(1, this.most).filter(Number.isInteger) : []), this.most] : [1];
    let last = Infinity;
    for (const n of marks.sort((a, b) => a - b)) {
      const y = top + high * (1 - (span ? Math.log(n) / span : 0));
      if (last - y < 13 || (n !== this.most && y - top < 13)) continue;
      context.fillText(short(Number(n.toPrecision(3))), left + 31, clamp(y, top + 4, top + high - 4));
      last = y;
    }
  }

  // --- what depends on the threshold and the row -------------------------------------------------
  clippedOf(row, t) { // linear inside a bin
    if (t >= this.absmax[row]) return 0;
    const place = clamp((t / this.get("end")) * this.bins, 0, this.bins), i = Math.floor(place);
    const at = (k) => this.above[row * (this.bins + 1) + Math.min(k, this.bins)];
    return at(i) + (place - i) * (at(i + 1) - at(i));
  }
  wordsOf(row, t) {
    if (!(row < this.rows) || this.get("note")) return "";
    const share = this.clippedOf(row, t);
    return `${this.get("says")[row]}; ${share ? `${digits(100 * share, 3)} %` : "nothing"} clipped`;
  }
  paint(t, active, row) {
    const { pen } = this, at = this.X(t), right = LEFT + this.width;
    pen.clearRect(0, 0, this.full, this.height);
    pen.drawImage(this.base, 0, 0, this.full, this.height);
    if (this.get("note") || !this.rows) return this.paintNote();
    pen.save();
    pen.beginPath();
    pen.rect(at, this.top, right - at, this.area);
    pen.clip();
    for (const name of ["paper", "veil"]) {
      pen.fillStyle = this.colour(name);
      pen.fillRect(at, this.top, right - at, this.area);
    }
    pen.drawImage(this.over, 0, 0, this.full, this.height);
    pen.restore();
    if (row !== null) this.paintRow(row);
    this.paintLine(at, active);
    this.paintWords(at, [`threshold ${digits(t)}`, `scale ${digits(this.get("levels") / t)}`]);
  }
  paintWords(at, lines) { // at the bottom: in the order of size the outliers are at the top
    const { top } = this;
    this.top = Math.max(this.bottom - 16 * lines.length - 22, top);
    super.paintWords(at, lines);
    this.top = top;
  }
  paintRow(row) {
    const { pen } = this, high = Math.max(this.area / this.rows, 3);
    const y = (this.rowY(row) + this.rowY(row + 1) - high) / 2;
    pen.strokeStyle = this.colour("focus");
    pen.lineWidth = 1.5;
    pen.strokeRect(LEFT - 1, y - 1, this.width + 2, high + 2);
    const label = this.get("labels")[row];
    pen.textAlign = "right";
    pen.textBaseline = "middle";
    pen.fillStyle = this.colour("paper");
    pen.fillRect(18, y + high / 2 - 8, LEFT - 20, 16);
    pen.fillStyle = this.colour("ink");
    pen.fillText(label, LEFT - 8, y + high / 2);
  }
}
