// The hand on a picture over thresholds: it drags the line, moves it by keys, and zooms.

const KEYS = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1, PageDown: -50, PageUp: 50 };
const ZOOM = { "+": 2, "=": 2, "-": 0.5 };

/** A hand whose moves Python hears of; `ask` has the picture painted. */
function handOn(model, canvas, painter, ask) {
  const get = painter.get;
  let gesture = "", lastKey = 0, grab = null;

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
    if (grab !== null) move(painter.thresholdAt(event.offsetX + grab));
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
