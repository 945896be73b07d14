// One bar for each layer, before an outline of what it was before the drag; the chosen one is
// marked. A bar that can be chosen is a real button, so that the keyboard, the pointer and a
// screen reader all find it. Python sends heights and words, and hears of `chosen`.

const ERRORS_HTML = `
  <div class="wb-errors-head"><b></b><span class="wb-errors-parts"></span>
    <span class="wb-errors-status" role="status" aria-live="polite"></span></div>
  <div class="wb-errors-axis" aria-hidden="true"></div>
  <div class="wb-errors-row" role="radiogroup"></div>
  <output class="wb-errors-said"></output>
  <div class="wb-errors-means"></div>`;
const NARROW = 12; // pixels: a column that has no room for a name

function render({ model, el }) {
  const root = element("div", "wb-errors");
  root.innerHTML = ERRORS_HTML;
  el.append(root);
  const find = (name) => root.querySelector(`.wb-errors-${name}`);
  const row = find("row"), get = (name) => model.get(name);
  const painted = new WeakMap();
  let pointed = null, frame = 0, built = "";

  // --- showing --------------------------------------------------------------------------------
  /** Whether an element is to show something else than it does: most bars stay as they are. */
  function differs(place, what) {
    const now = JSON.stringify(what);
    if (painted.get(place) === now) return false;
    painted.set(place, now);
    return true;
  }
  function words(index) {
    const layer = get("layers")[index], bar = get("bars")[index];
    if (!layer || !bar) return "";
    const who = `${layer.number ? `${layer.number} · ` : ""}${layer.name} (${layer.type}${layer.output ? ", output" : ""})`;
    const what = bar.was ? `from ${bar.was} to ${bar.says}` : bar.says;
    return `${who}: ${what}${bar.fresh ? "" : ", refining…"}`;
  }
  function tell() {
    const index = pointed ?? get("layers").findIndex((layer) => layer.name === get("chosen"));
    write(find("said"), words(index));
  }
  /** Make the columns anew, if there are others. */
  function build() {
    const layers = get("layers"), key = JSON.stringify(layers);
    if (key === built) return;
    const had = row.contains(document.activeElement);
    built = key;
    const longest = Math.max(0, ...layers.map((layer) => layer.name.length));
    root.style.setProperty("--wb-errors-names", `${Math.min(24 + 7 * longest, 104)}px`);
    row.replaceChildren(...layers.map((layer, index) => {
      const column = element(layer.can ? "button" : "div", "wb-errors-column");
      if (layer.can) column.type = "button";
      column.setAttribute("role", layer.can ? "radio" : "img");
      column.dataset.index = index;
      column.classList.toggle("wb-errors-output", layer.output);
      const place = element("span", "wb-errors-place");
      place.append(element("s", ""), element("i", ""));
      column.append(place, element("span", "wb-errors-name", `${layer.output ? "▸ " : ""}${layer.name}`));
      return column;
    }));
    if (had) row.querySelector("[aria-checked=true]")?.focus();
    fit();
  }
  function fit() {
    const width = row.clientWidth / Math.max(row.children.length, 1);
    root.classList.toggle("wb-errors-narrow", width > 0 && width < NARROW);
  }
  /** Stack parts from the bottom up. */
  function stack(holder, heights, colours) {
    while (holder.children.length > heights.length) holder.lastChild.remove();
    while (holder.children.length < heights.length) holder.append(element("em", ""));
    heights.forEach((height, index) => {
      holder.children[index].style.height = `${height * 100}%`;
      holder.children[index].style.setProperty("--wb-part", `var(--wb-${colours[index]})`);
    });
  }
  function paintColumn(column, index) {
    const bar = get("bars")[index], layer = get("layers")[index], parts = get("axis").parts ?? [];
    if (!bar) return;
    const said = words(index), chosen = layer.name === get("chosen");
    if (!differs(column, [bar, layer, parts, said, chosen])) return;
    const [ghost, now] = column.firstChild.children;
    const colours = parts.length ? parts.map((part) => part.colour) : [layer.can ? bar.colour : "grey"];
    stack(ghost, bar.was_at, colours);
    stack(now, bar.at, colours);
    column.classList.toggle("wb-errors-stale", !bar.fresh);
    column.classList.toggle("wb-errors-hollow", bar.hollow);
    column.classList.toggle("wb-errors-stacked", parts.length > 0);
    column.title = said;
    column.setAttribute("aria-label", said);
    column.classList.toggle("wb-errors-chosen", chosen);
    if (layer.can) {
      column.setAttribute("aria-checked", chosen);
      column.tabIndex = chosen ? 0 : -1;
    }
  }
  function paintAxis() {
    write(find("status"), get("status"));
    find("status").dataset.state = get("state");
    if (!differs(row, get("axis"))) return;
    const { title = "", ticks = [], parts = [], means = "" } = get("axis");
    root.querySelector("b").textContent = title;
    row.setAttribute("aria-label", `Error of each layer: ${title}`);
    find("means").textContent = means;
    find("axis").replaceChildren(...ticks.map((tick) => {
      const mark = element("span", "", tick.text);
      mark.style.bottom = `${tick.at * 100}%`;
      return mark;
    }));
    find("parts").replaceChildren(...parts.map((part) => {
      const name = element("span", "", part.name), dot = element("i", "wb-dot");
      dot.style.background = `var(--wb-${part.colour})`;
      name.prepend(dot);
      return name;
    }));
  }
  function paint() {
    frame = 0;
    build();
    paintAxis();
    [...row.children].forEach(paintColumn);
    tell();
  }
  function ask() { frame ||= requestAnimationFrame(paint); }

  // --- the hand -------------------------------------------------------------------------------
  const columnOf = (event) => event.target.closest(".wb-errors-column");
  function choose(column) {
    const layer = get("layers")[column.dataset.index];
    if (!layer?.can) return;
    column.focus();
    model.set("chosen", layer.name);
    model.save_changes();
  }
  function point(event) {
    const column = columnOf(event);
    pointed = column ? Number(column.dataset.index) : null;
    tell();
  }
  function key(event) {
    const able = [...row.querySelectorAll("button")];
    const at = able.indexOf(columnOf(event)), last = able.length - 1;
    const to = { ArrowLeft: at - 1, ArrowUp: at - 1, ArrowRight: at + 1, ArrowDown: at + 1,
      Home: 0, End: last }[event.key];
    if (at < 0 || to === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    event.stopPropagation();
    choose(able[Math.min(Math.max(to, 0), last)]);
  }
  const { on, ...hears } = ears();
  on(window, { keydown: keepKeys }, { capture: true });
  on(row, {
    click: (event) => { if (columnOf(event)) choose(columnOf(event)); },
    keydown: key,
    pointerover: point,
    pointerleave: () => { pointed = null; tell(); },
  });
  hears.model(model, ["layers", "bars", "axis", "chosen", "status", "state"], ask);
  hears.look(row, fit);
  paint();
  return () => {
    hears.end();
    cancelAnimationFrame(frame);
  };
}

export default { render };
