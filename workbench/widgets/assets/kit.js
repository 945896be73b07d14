// What every picture of the page needs: the page's colours, the screen's pixels, and to know when
// to draw anew.

/** Colours of look.css, the font, and the screen's pixels, as they are for an element now. */
function lookOf(element) {
  const style = getComputedStyle(element), known = new Map(); // to ask may cost a layout
  const colour = (name) => style.getPropertyValue(`--wb-${name}`).trim();
  return {
    colour: (name) => known.get(name) ?? known.set(name, colour(name)).get(name),
    font: `12px ${style.fontFamily}`,
    ratio: window.devicePixelRatio || 1,
  };
}

/** Give a canvas as many pixels as the screen has for it; return its pen, in CSS pixels. */
function penOf(canvas, width, height, look) {
  canvas.width = Math.round(width * look.ratio);
  canvas.height = Math.round(height * look.ratio);
  const pen = canvas.getContext("2d");
  pen.setTransform(look.ratio, 0, 0, look.ratio, 0, 0);
  pen.font = look.font;
  return pen;
}

/** A new element, put at the end of its parent. */
function element(name, className = "", text = "", parent) {
  const made = document.createElement(name);
  made.className = className;
  made.textContent = text;
  parent?.append(made);
  return made;
}

/** Give an element a text, unless it has it: the browser would lay it out anew. */
function write(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** Listeners and observers that end together, when `end` is called. */
function ears() {
  const ear = new AbortController(), others = [];
  return {
    on(target, heard, options) {
      for (const [type, hear] of Object.entries(heard)) {
        target.addEventListener(type, hear, { signal: ear.signal, ...options });
      }
    },
    /** Hear of changes of some traits of a model. */
    model(model, names, hear) {
      const events = names.map((name) => `change:${name}`).join(" ");
      model.on(events, hear);
      others.push(() => model.off(events, hear));
    },
    /** Hear when an element gets another size, or the page another theme; return its observer. */
    look(element, hear) {
      const resized = new ResizeObserver(hear), themed = new MutationObserver(hear);
      resized.observe(element);
      themed.observe(document.body, {
        attributeFilter: ["data-jp-theme-name", "data-jp-theme-light"],
      });
      others.push(() => resized.disconnect(), () => themed.disconnect());
      return resized;
    },
    end() {
      ear.abort();
      for (const stop of others) stop();
    },
  };
}

/** Keep plain keys on our page for our page: JupyterLab would cut the cell at an "x". */
function keepKeys(event) {
  if (!event.target.closest?.(".wb-plot, .wb-view")) return;
  const runs = event.shiftKey && event.key === "Enter";
  const plain = !(event.ctrlKey || event.metaKey || event.altKey || runs);
  event.target.toggleAttribute("data-lm-suppress-shortcuts", plain);
}
