// A piece of HTML that changes often: of a new text only what differs touches the page.

/** Make a node of the page what another one is. */
function patch(node, wanted) {
  if (node.nodeName !== wanted.nodeName) return node.replaceWith(wanted);
  if (node.nodeType !== Node.ELEMENT_NODE) {
    if (node.data !== wanted.data) node.data = wanted.data;
    return;
  }
  for (const { name } of [...node.attributes]) {
    if (!wanted.hasAttribute(name)) node.removeAttribute(name);
  }
  for (const { name, value } of wanted.attributes) {
    if (node.getAttribute(name) !== value) node.setAttribute(name, value);
  }
  patchChildren(node, wanted);
}
function patchChildren(node, wanted) {
  const had = [...node.childNodes], now = [...wanted.childNodes];
  now.forEach((child, index) => (had[index] ? patch(had[index], child) : node.append(child)));
  for (const rest of had.slice(now.length)) rest.remove();
}

function render({ model, el }) {
  function paint() {
    const wanted = document.createElement("template");
    wanted.innerHTML = model.get("value");
    patchChildren(el, wanted.content);
  }
  model.on("change:value", paint);
  paint();
  return () => model.off("change:value", paint);
}

export default { render };
