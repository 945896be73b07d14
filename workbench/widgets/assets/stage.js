// What the pictures of a threshold share: whose threshold it is, and when they are painted.

const LED = ["threshold", "zoom", "hand", "moves"];

/** The traits of a plot; one that is led has the line and the zoom of its leader. */
async function traitsOf(model) {
  const id = model.get("leader");
  const lead = id ? await model.widget_manager.get_model(id) : model;
  const of = (name) => (LED.includes(name) ? lead : model);
  return {
    get: (name) => of(name).get(name),
    set: (name, value) => of(name).set(name, value),
    save: () => { for (const each of new Set([model, lead])) each.save_changes(); },
    hear(hears, names, heard) {
      for (const each of new Set([model, lead])) {
        const its = names.filter((name) => of(name) === each);
        if (its.length) hears.model(each, its, heard);
      }
    },
  };
}

/** A `render` that draws with the traits of a plot, and begins again when it gets a leader. */
function led(draw) {
  return async ({ model, el }) => {
    const begin = async () => draw(await traitsOf(model), el);
    let end = await begin();
    async function again() {
      end();
      el.replaceChildren();
      end = await begin();
    }
    model.on("change:leader", again);
    return () => {
      model.off("change:leader", again);
      end();
    };
  };
}

/**
 * A canvas that is painted once a frame at most: `rebuild` after its data, size or theme changed,
 * then `paint`. Neither asks the browser for a layout, unless it rebuilds.
 */
function stageOf(canvas, traits, redrawn, { text, rebuild, paint }) {
  const { on, ...hears } = ears();
  let stale = true, frame = 0;

  function show() {
    frame = 0;
    if (stale && !canvas.clientWidth) { // hidden; watched anew, it calls when it has a size again
      resized.unobserve(canvas);
      resized.observe(canvas);
      return;
    }
    if (stale) rebuild();
    stale = false;
    paint();
  }
  function ask() { frame ||= requestAnimationFrame(show); }
  function renew() { stale = true; text(); ask(); }

  on(window, { keydown: keepKeys }, { capture: true });
  traits.hear(hears, redrawn, renew);
  traits.hear(hears, ["threshold"], ask);
  const resized = hears.look(canvas, renew);
  text();
  return {
    ask, on,
    end() {
      hears.end();
      cancelAnimationFrame(frame);
    },
  };
}
