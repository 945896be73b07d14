// One bar for each layer; the chosen one is marked. A bar is a real button, so that the keyboard,
// the pointer and a screen reader all find it. Python hears of `chosen`.

function render({ model, el }) {
  const root = document.createElement("div");
  root.className = "wb-bars";
  root.innerHTML = `<div class="wb-bars-axis"></div>
    <div class="wb-bars-row" role="radiogroup"></div><output class="wb-bars-said"></output>`;
  el.append(root);
  const [axis, row, said] = root.children;
  const ear = new AbortController();
  const on = (type, heard) => row.addEventListener(type, heard, { signal: ear.signal });

  function tell(index) {
    said.textContent = model.get("bars")[index]?.says ?? "";
  }
  function choose(index) {
    model.set("chosen", index);
    model.save_changes();
    row.children[index].focus();
  }
  function paint() {
    const bars = model.get("bars"), chosen = model.get("chosen"), top = model.get("top") || 1;
    while (row.children.length > bars.length) row.lastChild.remove();
    while (row.children.length < bars.length) {
      const button = document.createElement("button");
      button.append(document.createElement("i"));
      button.setAttribute("role", "radio");
      button.dataset.lmSuppressShortcuts = "true"; // else JupyterLab takes the keys
      row.append(button);
    }
    bars.forEach((bar, index) => {
      const button = row.children[index], fill = button.firstChild;
      fill.style.height = `${Math.min(Math.max(bar.value / top, 0.01), 1) * 100}%`;
      fill.style.background = bar.hollow ? "transparent" : `var(--wb-${bar.colour})`;
      fill.style.borderColor = `var(--wb-${bar.colour})`;
      button.title = bar.says;
      button.setAttribute("aria-label", bar.says);
      button.setAttribute("aria-checked", index === chosen);
      button.tabIndex = index === chosen ? 0 : -1;
    });
    row.setAttribute("aria-label", model.get("label"));
    axis.replaceChildren(...[1, 0.5, 0].map((part) => {
      const tick = document.createElement("span");
      tick.textContent = `${Math.round(part * top)}${part === 1 ? ` ${model.get("unit")}` : ""}`;
      return tick;
    }));
    tell(chosen);
  }

  const indexOf = (event) => [...row.children].indexOf(event.target.closest("button"));
  on("click", (event) => { if (indexOf(event) >= 0) choose(indexOf(event)); });
  on("pointerover", (event) => { if (indexOf(event) >= 0) tell(indexOf(event)); });
  on("pointerleave", () => tell(model.get("chosen")));
  on("keydown", (event) => {
    const last = model.get("bars").length - 1, now = model.get("chosen");
    const to = { ArrowLeft: now - 1, ArrowRight: now + 1, Home: 0, End: last }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    choose(Math.min(Math.max(to, 0), last));
  });
  model.on("change:bars change:chosen change:top", paint);
  paint();
  return () => { ear.abort(); model.off("change:bars change:chosen change:top", paint); };
}

export default { render };
