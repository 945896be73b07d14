// The picture of one candidate of a KL search: four panels over one axis of bins, and below them
// the loss of every candidate.

class StepsPainter extends StepsAxes {
  // --- the panels --------------------------------------------------------------------------------
  /** Paint all; `grown` (0 to 1) is how much of the newest stage is there already. */
  paint(grown, hovered) {
    this.measure();
    [this.first, this.end] = this.window();
    this.perBin = this.wide / (this.end - this.first);
    const seen = this.get("zoom") === "near" ? this.heights.subarray(this.first, this.end) : [this.highest];
    this.tallest = seen.reduce((a, b) => Math.max(a, b), this.get("method") === "kl" ? 1e-4 : 0);
    this.stage = this.get("stage");
    this.grown = grown;
    this.pen = penOf(this.canvas, this.canvas.clientWidth, STEPS_HEIGHT, this);
    this.pen.textBaseline = "middle";
    let bottom = 0;
    for (const panel of PANELS) {
      const row = bottom + STEPS_TITLE / 2 + 1; // of its title; the flag stands below the first
      const top = bottom + STEPS_TITLE + (bottom ? 0 : STEPS_FLAG);
      bottom = top + panel.height;
      this.paintPanel({ ...panel, row, top, bottom }, hovered);
    }
    this.paintBins(bottom);
    this.paintFlag();
  }
  paintPanel(panel, hovered) {
    const { pen } = this, shown = this.stage >= panel.stage;
    this.paintTitle(panel, shown);
    pen.fillStyle = this.colour("grid");
    pen.fillRect(STEPS_LEFT, panel.bottom, this.wide, 1);
    if (!shown) return this.paintTeaser(panel);
    const scale = this.scaleOf(panel);
    this.paintAxis(panel, scale);
    this.paintVeils(panel, hovered);
    pen.save();
    pen.beginPath();
    const part = this.stage === panel.stage && panel.stage > 1 ? this.grown : 1;
    pen.rect(STEPS_LEFT, panel.top - 1, this.wide * part, panel.height + 1);
    pen.clip();
    this[panel.name + "Panel"](panel, scale);
    pen.restore();
    pen.fillStyle = this.colour("ink");
    pen.fillRect(this.sharp(this.X(this.t)) - 0.5, panel.top, 1, panel.height);
    if (panel.name !== "grouped") this.paintOver(panel, scale);
  }
  fill(path, name, alpha = 1) {
    this.pen.globalAlpha = alpha;
    this.pen.fillStyle = this.colour(name);
    this.pen.fill(path);
    this.pen.globalAlpha = 1;
  }
  bars(values, scale, base, options, sign = 1) {
    const path = new Path2D();
    this.columns(values, (left, right, v) => {
      if (!(sign * v > 0)) return;
      const gap = this.gap(left, right), y = scale.Y(v);
      path.rect(left + gap / 2, Math.min(y, base), right - left - gap, Math.abs(base - y));
    }, options);
    return path;
  }

  clippedPanel(panel, scale) {
    const { t, bottom = panel.bottom } = this, collected = this.stage >= 2;
    const moved = this.stage === 2 ? this.grown : collected ? 1 : 0;
    const own = this.clipped.slice();
    own[t - 1] = this.own;
    this.fill(this.bars(own, scale, bottom), "kept");
    this.fill(this.bars(this.heights, scale, bottom, { from: t }), "clipped", 1 - 0.7 * moved);
    if (collected && this.clipped[t - 1] > this.own) this.collectedPiece(panel, scale, moved);
    if (this.perBin >= CLOSE) this.counts(panel, scale);
  }
  collectedPiece(panel, scale, moved) {
    const left = this.sharp(this.X(this.t - 1)), right = this.sharp(this.X(this.t));
    const narrow = Math.max(3 - (right - left), 0); // one bin of 2048 is less than a pixel
    const gap = this.gap(left, right), low = scale.Y(this.own);
    const top = low - moved * (low - scale.Y(this.clipped[this.t - 1]));
    this.pen.fillStyle = this.colour("outlier");
    this.pen.fillRect(left - narrow + gap / 2, top, right - left + narrow - gap, low - top);
  }
  counts({ top }, scale) { // how many values, above each column
    const { pen, t } = this, total = this.get("total");
    pen.font = this.small;
    pen.textAlign = "center";
    pen.fillStyle = this.colour("ink");
    for (let i = this.first; i < this.end; i++) {
      const count = Math.round(this.heights[i] * total);
      const label = short(count);
      if (!count || pen.measureText(label).width > this.perBin) continue;
      if (i === t - 1 && this.stage >= 2) continue; // the piece on top has its own words
      pen.fillText(label, this.X(i + 0.5), Math.max(scale.Y(this.P(i)) - 7, top + 6));
    }
    pen.font = this.font;
  }
  P(i) { return i < this.t - 1 ? this.clipped[i] : i === this.t - 1 ? this.own : this.heights[i]; }

  groupedPanel(panel, scale) {
    const bottom = panel.bottom, tints = [new Path2D(), new Path2D()];
    const own = this.clipped.slice();
    own[this.t - 1] = this.own;
    const groupAt = (bin) => Math.min(Math.floor(bin / this.width + 1e-9), this.grouped.length - 1);
    const seen = this.width * this.perBin >= 3; // else neighbouring groups would be a grey
    const put = (left, right, v, group, gap) => {
      const y = scale.Y(v);
      if (v > 0) tints[seen ? group % 2 : 0].rect(left + gap / 2, y, right - left - gap, bottom - y);
    };
    this.columns(own, (left, right, v, i) => {
      const gap = this.gap(left, right), group = groupAt(i), border = (group + 1) * this.width;
      if (gap && border > i + 1e-9 && border < i + 1 - 1e-9) { // a bin that is cut: two pieces
        const cut = this.X(border);
        put(left, cut, v, group, 0);
        put(cut, right, v, group + 1, 0);
      } else put(left, right, v, gap ? group : groupAt(i + 0.5), gap);
    });
    this.fill(tints[0], "group-a");
    this.fill(tints[1], "group-b");
    this.levels(scale, seen);
    if (this.width * this.perBin >= 12) this.borders(panel);
  }
  levels(scale, seen) {
    const { pen } = this, added = this.get("method") === "kl" ? 1e-4 : 0;
    pen.fillStyle = this.colour("level");
    this.columns(this.grouped, (left, right, v) => {
      pen.fillRect(left, scale.Y(v + added) - 1, right - left - (seen ? 1 : 0), 2);
    }, { unit: this.width });
  }
  borders({ top, bottom }) {
    const { pen } = this, count = this.grouped.length;
    pen.font = this.small;
    pen.textAlign = "center";
    for (let i = 0; i <= count; i++) {
      const x = this.X(i * this.width);
      if (x < STEPS_LEFT - 1 || x > STEPS_LEFT + this.wide + 1) continue;
      pen.fillStyle = this.colour("faint");
      for (let y = top; y < bottom; y += 5) pen.fillRect(this.sharp(x - 0.5), y, 1, 3);
    }
    for (let i = 0; i < count; i++) {
      const label = String(i), x = this.X((i + 0.5) * this.width);
      if (pen.measureText(label).width + 6 > this.width * this.perBin || x < STEPS_LEFT + 8) continue;
      this.halo(label, x, top + 7);
    }
    pen.font = this.font;
  }
  expandedPanel(panel, scale) {
    const { pen } = this, { bottom } = panel;
    this.fill(this.bars(this.expanded, scale, bottom), "expanded");
    const outline = new Path2D();
    outline.moveTo(this.X(Math.max(this.first, 0)), bottom);
    this.columns(this.clipped, (left, right, v) => {
      const y = v > 0 ? scale.Y(v) : bottom;
      outline.lineTo(left, y);
      outline.lineTo(right, y);
    });
    outline.lineTo(this.X(Math.min(this.t, this.end)), bottom);
    pen.strokeStyle = this.colour("ink");
    pen.lineWidth = this.perBin >= 3 ? 1.5 : 1;
    pen.stroke(outline);
    if (this.perBin >= CLOSE) this.empties(bottom);
  }
  empties(bottom) {
    this.pen.font = this.small;
    this.pen.textAlign = "center";
    for (let i = this.first; i < Math.min(this.t, this.end); i++) {
      if (this.expanded[i] === 0) this.halo("∅", this.X(i + 0.5), bottom - 8);
    }
    this.pen.font = this.font;
  }

  sharesPanel(panel, scale) {
    const zero = scale.Y(0), low = this.shares.map((v) => -v);
    this.fill(this.bars(this.shares, scale, zero), "more");
    const under = { Y: (v) => scale.Y(-v), over: scale.over };
    this.fill(this.bars(low, under, zero), "less");
    const { t } = this, last = this.shares[t - 1], x = this.X(t);
    if (this.perBin < 3) { // the last bin matters most, and would be a hair
      this.pen.fillStyle = this.colour(last > 0 ? "more" : "less");
      this.pen.fillRect(x - 3, Math.min(scale.Y(last), zero), 3, Math.abs(scale.Y(last) - zero));
    }
    this.pen.fillStyle = this.colour("faint");
    this.pen.fillRect(STEPS_LEFT, Math.round(zero), this.wide, 1);
  }

  /** Write the number of the last bin beside its column, with an arrow if it is cut. */
  paintOver(panel, scale) {
    const { pen, t } = this, value = this[panel.name][t - 1];
    const first = panel.name === "clipped";
    if ((first && this.stage < 2) || panel.name === "expanded" || !Number.isFinite(value)) return;
    const clippedCount = Math.round(this.heights.subarray(t).reduce((a, b) => a + b, 0) * this.get("total"));
    const text = first ? `+ ${short(clippedCount)} values` : digits(value, 3);
    const label = scale.over(value) ? `▲ ${text}` : text;
    pen.font = this.small;
    const width = pen.measureText(label).width, x = this.X(t);
    const right = x + 8 + width < STEPS_LEFT + this.wide;
    pen.textAlign = right ? "left" : "right";
    const zero = scale.Y(0), beside = value < 0 ? Math.max(scale.Y(value) - 6, zero + 9)
      : Math.min(scale.Y(value) + 6, zero - 9);
    const y = first ? panel.top + 9 : clamp(beside, panel.top + 6, panel.bottom - 6);
    this.halo(label, right ? x + 7 : this.X(t - 1) - 7, y);
    pen.font = this.font;
  }

  // --- the loss of every candidate ---------------------------------------------------------------
  paintTimeline(height) {
    const pen = this.pen = penOf(this.timeline, this.timeline.clientWidth, height, this);
    const top = 14, bottom = height - 10, from = this.get("target_bins");
    const Y = (v) => bottom - clamp(this.lossAxis.at(v), 0, 1) * (bottom - top);
    pen.textBaseline = "middle";
    this.paintAxis({ top: 0 }, { Y, ticks: this.lossAxis.ticks });
    pen.fillStyle = this.colour("grid");
    pen.fillRect(STEPS_LEFT, bottom, this.wide, 1);
    const path = new Path2D();
    let down = false;
    this.curve.forEach((v, i) => {
      if (Number.isFinite(v)) path[down ? "lineTo" : "moveTo"](this.lossX(i + from), Y(v));
      down = Number.isFinite(v);
    });
    pen.strokeStyle = this.colour("line");
    pen.lineWidth = 1.5;
    pen.stroke(path);
    const mark = this.get("mark"), best = this.get("best");
    if (mark >= 0) this.symbol("purple", [[-6, -5], [6, -5], [0, 4]], this.lossX(mark), 6);
    this.symbol("green", [[0, -6], [6, 0], [0, 6], [-6, 0]], this.lossX(best), Y(this.curve[best - from]));
    pen.strokeStyle = this.colour("clipped"); // a ring, so that what lies under it is seen
    pen.lineWidth = 2.5;
    pen.beginPath();
    pen.arc(this.lossX(this.t), Y(this.curve[this.t - from]), 9, 0, 7);
    pen.stroke();
  }
  symbol(colour, corners, x, y) {
    const { pen } = this;
    pen.fillStyle = this.colour(colour);
    pen.beginPath();
    for (const [dx, dy] of corners) pen.lineTo(x + dx, y + dy);
    pen.fill();
  }
}
