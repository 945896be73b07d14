// The steps of a session, the newest first; a click goes to one. Each is a real button, so that
// the keyboard, the pointer and a screen reader all find it. A click is a message, not a change of
// `at`: `at` says where the session is, and what Python drew meanwhile must not speak for a person.

function render({ model, el }) {
  const list = document.createElement("ol");
  list.className = "wb-step-list";
  list.setAttribute("aria-label", "Steps, the newest first");
  list.reversed = true;
  el.append(list);

  const placeOf = (step) => model.get("words").length - 1 - step;
  const buttonOf = (step) => list.children[placeOf(step)]?.firstChild;

  function paint() {
    const words = model.get("words"), at = model.get("at");
    while (list.children.length > words.length) list.lastChild.remove();
    while (list.children.length < words.length) {
      const item = document.createElement("li"), button = document.createElement("button");
      button.type = "button";
      button.dataset.lmSuppressShortcuts = "true"; // else JupyterLab takes the keys
      item.append(button);
      list.append(item);
    }
    words.forEach((text, step) => {
      const button = buttonOf(step), undone = step > at;
      const said = step === 0 ? "the start" : text;
      if (button.textContent !== said) button.textContent = said;
      button.title = step === at ? "The present" : undone ? "Redo up to here" : "Go back to here";
      button.classList.toggle("wb-undone", undone);
      button.tabIndex = step === at ? 0 : -1;
      if (step === at) button.setAttribute("aria-current", "step");
      else button.removeAttribute("aria-current");
    });
    const shown = buttonOf(at)?.parentElement;
    if (shown) {
      const above = shown.offsetTop - list.offsetTop, under = above + shown.offsetHeight;
      if (above < list.scrollTop) list.scrollTop = above;
      else if (under > list.scrollTop + list.clientHeight) {
        list.scrollTop = under - list.clientHeight;
      }
    }
  }
  function go(step) {
    model.send({ go: step });
    buttonOf(step)?.focus();
  }

  const stepOf = (target) => placeOf([...list.children].indexOf(target.closest("li")));
  function click({ target }) {
    if (target.closest("li")) go(stepOf(target));
  }
  function key(event) {
    const last = model.get("words").length - 1, now = stepOf(event.target);
    const to = { ArrowUp: now + 1, ArrowDown: now - 1, Home: last, End: 0 }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    go(Math.min(Math.max(to, 0), last));
  }
  const { on, ...hears } = ears();
  on(list, { click, keydown: key });
  hears.model(model, ["words", "at"], paint);
  paint();
  return () => hears.end();
}

export default { render };
