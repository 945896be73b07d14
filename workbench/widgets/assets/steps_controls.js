// The controls around the picture of a KL search, as they are before they say anything.

const STEPS_SPEEDS = [1, 2, 5, 10, 20];
const STEPS_HTML = `
  <div class="wb-steps-head"><b></b>
    <label>Search <select data-is="method" title="Which KL search is laid open"></select></label>
    <label>Show <select data-is="zoom" title="Which bins the picture shows">
      <option value="all">all bins</option><option value="kept">the kept bins</option>
      <option value="near">a close-up of the last</option></select></label>
    <label title="Equal distances mean equal ratios: rare values become visible">
      <input type="checkbox" data-is="log"> log scale</label></div>
  <div class="wb-steps-stages"><span>Stage</span>
    <button type="button" data-stage="-1" aria-label="Stage back" title="One stage back">‹</button>
    <div role="radiogroup" aria-label="Stage of the story"></div>
    <button type="button" data-stage="1" aria-label="Stage forward" title="The next stage">›</button></div>
  <div class="wb-steps-body"><div>
    <canvas class="wb-steps-panels" tabindex="0" role="img"
      title="Keys: arrows move the candidate, Home and End go to its ends, Space plays, 1 to 5 are the stages"></canvas>
    <output class="wb-steps-read"></output>
    <div class="wb-steps-legend"><b>Divergence of every candidate</b>
      <span data-is="now"></span><span data-is="best"></span><span data-is="mark"></span></div>
    <canvas class="wb-steps-losses" aria-hidden="true"></canvas>
    <input type="range" step="1" aria-label="Candidate" title="Move through the candidates">
    <div class="wb-steps-film">
      <button type="button" data-to="first" title="First candidate (Home)">First</button>
      <button type="button" data-to="back" title="One candidate back (arrow left; with Shift ten)">Back</button>
      <button type="button" data-is="play" title="Play all candidates from here on (Space)">Play</button>
      <button type="button" data-to="forward" title="One candidate forward (arrow right; with Shift ten)">Forward</button>
      <button type="button" data-to="last" title="Last candidate (End)">Last</button>
      <label>Speed <select data-is="speed" title="Candidates a second"></select></label>
      <button type="button" data-to="best" title="Go to the candidate with the least divergence">Go to the best</button>
      <button type="button" data-to="mark">Go to the session's threshold</button>
      <button type="button" data-is="take">Take this threshold</button></div></div>
  <div class="wb-steps-words"><b></b><ol></ol>
    <details><summary>Outlier mass, empty bins, half bins</summary><div></div></details></div></div>`;

/** Make the controls, and fill the lists that a model gives. */
function stepsControls(model) {
  const root = document.createElement("div");
  root.className = "wb-plot wb-steps";
  root.innerHTML = STEPS_HTML;
  const make = (tag, values) => Object.assign(document.createElement(tag), values);
  const option = (value, textContent) => make("option", { value, textContent });
  root.querySelector("[data-is=method]").append(...model.get("methods").map((pair) => option(...pair)));
  root.querySelector("[data-is=speed]").append(...STEPS_SPEEDS.map((n) => option(n, `${n} a second`)));
  model.get("stages").forEach((name, i) => {
    const title = `Show the story up to stage ${i + 1} (key ${i + 1})`;
    const radio = make("button", { type: "button", textContent: `${i + 1} ${name}`, title });
    radio.setAttribute("role", "radio");
    root.querySelector("[role=radiogroup]").append(radio);
    const line = make("li", {});
    line.append(make("b", { textContent: `${i + 1} ${name}` }), make("span", {}));
    root.querySelector("ol").append(line);
  });
  return root;
}
