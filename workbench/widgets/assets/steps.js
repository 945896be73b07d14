// One candidate of a KL search, stage by stage, and all candidates as a film. Python computes each
// candidate when asked; the film asks for the next one only when it has the last.

const LOSS_HEIGHT = 84, GROW_MS = 450, PATIENCE_MS = 5000;
function render({ model, el }) {
  const root = stepsControls(model);
  el.append(root);
  const find = (selector) => root.querySelector(selector), is = (name) => find(`[data-is=${name}]`);
  const get = (name) => model.get(name);
  const canvas = find(".wb-steps-panels"), losses = find(".wb-steps-losses");
  const slider = find("[type=range]"), play = is("play"), speed = is("speed"), radios = find("[role=radiogroup]");
  const words = find(".wb-steps-words"), story = words.querySelector("ol");
  const still = matchMedia("(prefers-reduced-motion: reduce)");
  const painter = new StepsPainter(model, canvas, losses);
  let frame = 0, grownFrom = -Infinity, hovered = null, playing = false, asked = 0, due = 0, grab = false;

  // --- showing -----------------------------------------------------------------------------------
  function paint(now) {
    frame = 0;
    if (!canvas.clientWidth) { // hidden; watched anew, it calls when it has a size again
      resized.unobserve(canvas);
      resized.observe(canvas);
      return;
    }
    if (get("note") || !get("step").t) return;
    const grown = still.matches ? 1 : clamp((now - grownFrom) / GROW_MS, 0, 1);
    painter.paint(1 - (1 - grown) ** 2, hovered);
    painter.paintTimeline(LOSS_HEIGHT);
    const left = painter.lossX(Number(slider.min)), right = painter.lossX(Number(slider.max));
    slider.style.marginLeft = `${left - 8}px`;
    slider.style.width = `${right - left + 16}px`;
    if (grown < 1) ask();
  }
  function ask() { frame ||= requestAnimationFrame(paint); }

  function takeData() {
    hovered = null;
    root.toggleAttribute("data-empty", Boolean(get("note")));
    write(find(".wb-steps-head b"), get("title"));
    painter.takeData();
    slider.min = get("target_bins");
    slider.max = painter.bins - 1;
    const name = get("method");
    is("method").value = name;
    words.querySelector("details div").replaceChildren(...get("about").map((text) => {
      const [head, ...rest] = text.split(":"), line = document.createElement("p");
      line.append(Object.assign(document.createElement("b"), { textContent: `${head}:` }), rest.join(":"));
      return line;
    }));
    is("zoom").parentNode.hidden = painter.bins <= NEAR;
    if (get("note")) write(words.querySelector("b"), get("note"));
    for (const control of root.querySelectorAll("button, select, input")) {
      control.disabled = Boolean(get("note"));
    }
    takeStep();
    takeStage();
  }
  function takeStep() {
    if (get("note") || !get("step").t) return;
    painter.takeStep();
    const { t, threshold, loss, says } = get("step"), from = get("target_bins"), best = get("best");
    const said = `candidate ${t}, divergence ${digits(loss)}`;
    if (!grab) slider.value = t;
    slider.setAttribute("aria-valuetext", said);
    canvas.setAttribute("aria-label", `The KL search at ${said}; keys move it`);
    write(words.querySelector("b"), `Candidate ${t}: threshold ${digits(threshold)}`);
    says.forEach((text, i) => write(story.children[i].lastChild, text));
    write(is("now"), `candidate ${t}: ${digits(loss)}`);
    write(is("best"), `best ${best}: ${digits(painter.curve[best - from])}`);
    write(is("mark"), get("mark") < 0 ? "" : `session ${get("mark")}`);
    is("take").title = `Set the layer's threshold to ${digits(threshold)}, by hand; one step of undo`;
    for (const [name, at] of [["first", from], ["back", from], ["best", best], ["mark", get("mark")],
      ["forward", painter.bins - 1], ["last", painter.bins - 1]]) {
      find(`[data-to=${name}]`).disabled = t === at;
    }
    read();
    ask();
  }
  function takeMark() {
    find("[data-to=mark]").hidden = get("mark") < 0;
    find("[data-to=mark]").title = get("mark_says");
    is("mark").hidden = get("mark") < 0;
    is("take").hidden = !get("takes");
    takeStep();
  }
  function takeStage() {
    const stage = get("stage");
    [...radios.children].forEach((radio, i) => {
      radio.setAttribute("aria-checked", i + 1 === stage);
      radio.tabIndex = i + 1 === stage ? 0 : -1;
    });
    [...story.children].forEach((line, i) => {
      line.toggleAttribute("data-present", i + 1 === stage);
      line.toggleAttribute("data-later", i + 1 > stage);
    });
    find("[data-stage='-1']").disabled = stage === 1 || Boolean(get("note"));
    find("[data-stage='1']").disabled = stage === get("stages").length || Boolean(get("note"));
    ask();
  }
  function takeView() {
    is("zoom").value = get("zoom");
    is("log").checked = get("log_y");
    ask();
  }
  function read() { // the bin under the pointer, in words
    const say = (text) => write(find("output"), text);
    if (hovered === null) return say("Point at a bin to read its numbers");
    if (hovered >= painter.t) return say(`bin ${hovered}: ${digits(painter.heights[hovered])} of all values, beyond the candidate`);
    const group = Math.min(Math.floor(hovered / painter.width + 1e-9), get("target_bins") - 1);
    const cut = hovered + 1 > (group + 1) * painter.width + 1e-9 ? ` and ${group + 1}` : "";
    say(`bin ${hovered}: P ${digits(painter.clipped[hovered])}, group ${group}${cut}, `
      + `Q ${digits(painter.expanded[hovered])}, share ${digits(painter.shares[hovered])}`);
  }

  // --- the hand ----------------------------------------------------------------------------------
  function put(values) {
    for (const [name, value] of Object.entries(values)) model.set(name, value);
    model.save_changes();
  }
  function goTo(candidate) {
    const target = clamp(candidate, get("target_bins"), painter.bins - 1);
    if (target === get("candidate")) return;
    asked = performance.now();
    put({ candidate: target });
  }
  function toStage(stage) {
    const target = clamp(stage, 1, get("stages").length);
    if (target > get("stage")) grownFrom = performance.now();
    put({ stage: target });
  }
  const ends = () => ({ first: get("target_bins"), last: painter.bins - 1, best: get("best"),
    mark: get("mark"), back: get("candidate") - 1, forward: get("candidate") + 1 });

  // --- the film ----------------------------------------------------------------------------------
  function setPlaying(on) {
    playing = on;
    write(play, on ? "Pause" : "Play");
    play.setAttribute("aria-pressed", on);
    if (!on) return;
    if (get("candidate") >= painter.bins - 1) goTo(get("target_bins"));
    due = performance.now();
    requestAnimationFrame(next);
  }
  function next(now) {
    if (!playing || !root.isConnected) return;
    const arrived = get("step").t === get("candidate"), rest = 1000 / Number(speed.value);
    if (!arrived && now - asked > PATIENCE_MS) return setPlaying(false); // the kernel is busy, or gone
    if (arrived && now >= due) {
      if (get("candidate") >= painter.bins - 1) return setPlaying(false);
      due = Math.max(due + rest, now); // a late picture is made up for by the next, no further
      goTo(get("candidate") + 1);
    }
    requestAnimationFrame(next);
  }

  function key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || get("note")) return;
    if (event.target.closest("select, summary, [type=checkbox], [role=radiogroup]")) return;
    const pressed = event.key, step = event.shiftKey ? 10 : 1, now = get("candidate");
    const targets = { ArrowLeft: now - step, ArrowDown: now - step, ArrowRight: now + step,
      ArrowUp: now + step, PageDown: now - 50, PageUp: now + 50, ...{ Home: ends().first, End: ends().last } };
    if (pressed === " ") {
      if (event.target.tagName === "BUTTON") return; // it presses the button
      setPlaying(!playing);
    } else if (/^[1-5]$/.test(pressed)) toStage(Number(pressed));
    else if (pressed in targets) { setPlaying(false); goTo(targets[pressed]); }
    else return;
    event.preventDefault();
    event.stopPropagation();
  }
  function stageKey(event) {
    const by = { ArrowLeft: -1, ArrowDown: 1, ArrowRight: 1, ArrowUp: -1 }[event.key];
    if (!by) return;
    event.preventDefault();
    event.stopPropagation();
    toStage(get("stage") + by);
    radios.children[get("stage") - 1].focus();
  }
  function point(event) {
    const bin = painter.binAt(event.offsetX), inside = bin >= painter.first && bin < painter.end;
    const found = event.type !== "pointerleave" && inside ? bin : null;
    if (found === hovered) return;
    hovered = found;
    read();
    ask();
  }
  function aim(event) {
    if (event.type === "pointerdown") {
      if (event.button) return;
      losses.setPointerCapture(event.pointerId);
      setPlaying(false);
    } else if (!losses.hasPointerCapture(event.pointerId)) return;
    goTo(painter.candidateAt(event.offsetX));
  }
  function press(event) {
    const button = event.target.closest("button");
    if (!button) return;
    if (button.dataset.stage) toStage(get("stage") + Number(button.dataset.stage));
    else if (button.dataset.to) { setPlaying(false); goTo(ends()[button.dataset.to]); }
    else if (button === play) setPlaying(!playing);
    else if (button === is("take")) put({ taken: { key: get("key"), threshold: get("step").threshold, at: Date.now() } });
    else if (button.parentNode === radios) toStage([...radios.children].indexOf(button) + 1);
  }

  const { on, ...hears } = ears();
  on(window, { keydown: keepKeys }, { capture: true });
  on(root, { keydown: key, click: press });
  on(radios, { keydown: stageKey });
  on(canvas, { pointermove: point, pointerleave: point });
  on(losses, { pointerdown: aim, pointermove: aim });
  on(slider, { input: () => { setPlaying(false); goTo(Number(slider.value)); },
    pointerdown: () => { grab = true; }, change: () => { grab = false; takeStep(); } });
  on(is("method"), { change: () => put({ method: is("method").value }) });
  on(is("zoom"), { change: () => put({ zoom: is("zoom").value }) });
  on(is("log"), { change: () => put({ log_y: is("log").checked }) });

  hears.model(model, ["heights", "curve", "method", "target_bins", "note", "title", "about"], takeData);
  hears.model(model, ["step"], takeStep);
  hears.model(model, ["mark", "mark_says", "takes"], takeMark);
  hears.model(model, ["stage"], takeStage);
  hears.model(model, ["zoom", "log_y"], takeView);
  const resized = hears.look(canvas, ask);
  canvas.style.height = `${STEPS_HEIGHT}px`;
  losses.style.height = `${LOSS_HEIGHT}px`;
  takeData();
  takeMark();
  takeView();
  speed.value = still.matches ? 1 : painter.bins <= 64 ? 2 : 20;

  return () => {
    playing = false;
    hears.end();
    cancelAnimationFrame(frame);
  };
}

export default { render };
