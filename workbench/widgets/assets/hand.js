// The hand on a picture over thresholds: it drags the line, moves it by keys, and zooms.

const KEYS = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1, PageDown: -50, PageUp: 50 };
const ZOOM = { "+": 2, "=": 2, "-": 0.5 };
// A move is told when the hand rests, and not too often or seldom: for each message to the kernel
// JupyterLab lays out and paints parts of itself.
const REST_MS = 50, LEAST_MS = 140, MOST_MS = 200;

/** A hand whose moves Python hears of, some five times a second; `ask` has the picture painted. */
function handOn(traits, canvas, painter, ask) {
  const { get } = traits;
  let gesture = "", lastKey = 0, grab = null, left = 0, told = 0, timer = 0;

  function tell() {
    clearTimeout(timer);
    told = performance.now();
    traits.save();
  }
  function put(values) {
    for (const [name, value] of Object.entries(values)) traits.set(name, value);
    const since = performance.now() - told;
    clearTimeout(timer);
    timer = setTimeout(tell, Math.max(LEAST_MS - since, Math.min(REST_MS, MOST_MS - since)));
  }
  function begin() {
    tell(); // what the last gesture ended with
    gesture = `${Date.now()}-${Math.random()}`;
  }
  function move(wanted) {
    const threshold = clamp(wanted, get("step"), get("x_max"));
    if (get("note") || !(threshold > 0) || threshold === get("threshold")) return;
    put({ threshold, hand: { key: get("key"), threshold, gesture, seen: get("moves") } });
  }
  function zoom(by) { put({ zoom: clamp(get("zoom") * by, 1, 256) }); }
  function key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const steps = KEYS[event.key] * (event.shiftKey ? 10 : 1);
    const ends = { Home: get("step"), End: get("x_max") };
    const target = ends[event.key] ?? get("threshold") + steps * get("step");
    if (event.key in ZOOM) zoom(ZOOM[event.key]);
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
    if (grab !== null) move(painter.thresholdAt(event.clientX - left + grab));
    else canvas.style.cursor = Math.abs(offOf(event)) < 10 ? "ew-resize" : "pointer";
  }
  function offOf(event) { return painter.X(get("threshold")) - event.offsetX; }
  function take(event) {
    if (event.button || get("note")) return;
    canvas.setPointerCapture(event.pointerId);
    canvas.style.cursor = "ew-resize";
    left = event.clientX - event.offsetX; // asked for once: it may cost a layout
    grab = Math.abs(offOf(event)) < 10 ? offOf(event) : 0; // what is caught at its edge stays there
    begin();
    drag(event);
    ask();
  }
  function leave() {
    grab = null;
    tell();
    ask();
  }

  return {
    put, begin, move, key,
    get holds() { return grab !== null; },
    /** Listen to the canvas, and to the buttons that zoom out and in. */
    listen(on, wider, closer) {
      on(canvas, { pointerdown: take, pointermove: drag, pointerup: leave, pointercancel: leave });
      on(wider, { click: () => zoom(0.5) });
      on(closer, { click: () => zoom(2) });
    },
  };
}
