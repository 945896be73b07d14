// Numbers and axes of the plots: nothing here knows the page.

/** As look.digits in Python: 0.0123, 1.5e-7, none. */
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
