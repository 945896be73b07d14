// The layers as a table: sorted and ticked here, in the browser. Python sends rows, and hears of
// `chosen` and `ticked`.

function render({ model, el }) {
  const root = document.createElement("div");
  root.className = "wb-layers";
  root.innerHTML = `<div class="wb-layers-scroll"><table>
    <thead><tr><th scope="col" class="wb-layers-tick"></th></tr></thead><tbody></tbody></table></div>`;
  el.append(root);
  const scroller = root.firstChild, table = scroller.firstChild;
  const [head, body] = [table.tHead.rows[0], table.tBodies[0]];
  const all = tick("Tick every layer", head.cells[0]);
  const byLayer = new Map();
  let sorted = { column: 0, down: false };

  function tick(label, cell) {
    const box = document.createElement("input");
    Object.assign(box, { type: "checkbox", title: label });
    box.setAttribute("aria-label", label);
    box.dataset.lmSuppressShortcuts = "true";
    cell.append(box);
    return box;
  }
  function put(trait, value) {
    model.set(trait, value);
    model.save_changes();
  }

  // --- showing --------------------------------------------------------------------------------
  function entitle() {
    while (head.cells.length > 1) head.lastChild.remove();
    model.get("columns").forEach(({ title, tip, number }, column) => {
      const cell = document.createElement("th"), sorter = document.createElement("button");
      cell.scope = "col";
      cell.classList.toggle("wb-layers-number", number);
      Object.assign(sorter, { type: "button", textContent: title, title: `${tip}. Click to sort` });
      sorter.dataset.column = column;
      cell.append(sorter);
      head.append(cell);
    });
  }
  function made(layer) {
    const row = document.createElement("tr");
    row.dataset.layer = layer;
    row.tick = tick(`Tick ${layer}`, row.insertCell());
    model.get("columns").forEach(({ number }, column) => {
      const cell = column === 1 ? document.createElement("th") : document.createElement("td");
      if (column === 1) cell.scope = "row";
      cell.classList.toggle("wb-layers-number", number);
      cell.append(document.createElement(column === 1 ? "button" : "span"));
      row.append(cell);
    });
    row.namer = row.cells[2].firstChild;
    row.namer.type = "button";
    row.cells[7].firstChild.className = "wb-layers-method";
    row.cells[9].firstChild.className = "wb-layers-form";
    return row;
  }
  function fill(row, { cells, form, colour }) {
    cells.forEach((text, column) => {
      const holder = row.cells[column + 1].firstChild;
      if (holder.textContent === text) return;
      holder.textContent = text;
      holder.parentNode.title = text;
    });
    row.cells[7].firstChild.style.setProperty("--wb-method", `var(--wb-${colour})`);
    row.cells[9].firstChild.dataset.kind = form;
    row.classList.toggle("wb-layers-float", form === "kept");
  }
  function paint() {
    for (const data of model.get("rows")) {
      if (!byLayer.has(data.layer)) {
        byLayer.set(data.layer, made(data.layer));
        body.append(byLayer.get(data.layer));
      }
      fill(byLayer.get(data.layer), data);
    }
    if (model.get("settled")) sort(); // in a drag no row runs away
  }
  function sort() {
    const { column, down } = sorted, key = (data) => data.keys[column];
    const order = (a, b) => (typeof a === "string" ? a.localeCompare(b) : a - b) * (down ? -1 : 1);
    const rows = [...model.get("rows")].sort((a, b) => {
      const [x, y] = [key(a), key(b)];
      return x === null || y === null ? (x === null) - (y === null) : order(x, y);
    });
    [...head.cells].slice(1).forEach((cell, index) => {
      const way = down ? "descending" : "ascending";
      cell.setAttribute("aria-sort", index === column ? way : "none");
    });
    if (rows.every(({ layer }, index) => body.rows[index] === byLayer.get(layer))) return;
    const focused = body.contains(document.activeElement) ? document.activeElement : null;
    body.append(...rows.map(({ layer }) => byLayer.get(layer)));
    focused?.focus({ preventScroll: true });
  }
  function choose() {
    const chosen = model.get("chosen");
    for (const [layer, row] of byLayer) {
      const is = layer === chosen;
      row.toggleAttribute("aria-current", false);
      if (is) row.setAttribute("aria-current", "true");
      row.namer.tabIndex = is ? 0 : -1;
    }
    const row = byLayer.get(chosen);
    if (row) reveal(row);
  }
  function reveal(row) { // in the table's own box; the page stays where it is
    const top = row.offsetTop - head.offsetHeight, end = row.offsetTop + row.offsetHeight;
    if (top < scroller.scrollTop) scroller.scrollTop = top;
    else if (end > scroller.scrollTop + scroller.clientHeight) scroller.scrollTop = end - scroller.clientHeight;
  }
  function showTicks() {
    const ticked = new Set(model.get("ticked"));
    for (const [layer, row] of byLayer) row.tick.checked = ticked.has(layer);
    all.checked = ticked.size > 0 && ticked.size === byLayer.size;
    all.indeterminate = ticked.size > 0 && ticked.size < byLayer.size;
  }

  // --- the hand -------------------------------------------------------------------------------
  function click(event) {
    const sorter = event.target.closest("thead button"), row = event.target.closest("tbody tr");
    if (sorter) {
      const column = Number(sorter.dataset.column);
      sorted = { column, down: column === sorted.column && !sorted.down };
      sort();
    } else if (row && !event.target.closest(".wb-layers-tick, input, td:first-child")) {
      put("chosen", row.dataset.layer);
    }
  }
  function change(event) {
    const names = model.get("rows").map(({ layer }) => layer);
    if (event.target === all) put("ticked", all.checked ? names : []);
    else put("ticked", names.filter((layer) => byLayer.get(layer).tick.checked));
    showTicks();
  }
  function key(event) {
    const row = event.target.closest("tbody tr");
    if (!row || event.ctrlKey || event.metaKey || event.altKey) return;
    const rows = body.rows, last = rows.length - 1, at = row.sectionRowIndex;
    const page = Math.max(1, Math.floor(scroller.clientHeight / row.offsetHeight) - 2);
    const to = { ArrowUp: at - 1, ArrowDown: at + 1, Home: 0, End: last,
      PageUp: at - page, PageDown: at + page }[event.key];
    if (to === undefined) return;
    const next = rows[Math.min(Math.max(to, 0), last)];
    (event.target === row.tick ? next.tick : next.namer).focus({ preventScroll: true });
    reveal(next);
    event.preventDefault();
    event.stopPropagation();
  }

  const { on, ...hears } = ears();
  on(window, { keydown: keepKeys }, { capture: true });
  on(table, { click, change, keydown: key });
  hears.model(model, ["columns"], entitle);
  hears.model(model, ["rows"], () => { paint(); choose(); showTicks(); });
  hears.model(model, ["settled"], () => model.get("settled") && sort());
  hears.model(model, ["chosen"], choose);
  hears.model(model, ["ticked"], showTicks);
  table.setAttribute("aria-label", model.get("label"));
  entitle();
  paint();
  sort();
  choose();
  showTicks();
  return () => hears.end();
}

export default { render };
