// A page that Python has written, to open or to save; it comes over the kernel's own connection.

function render({ model, el }) {
  const root = document.createElement("div");
  root.className = "wb-report-link";
  const open = document.createElement("a"), save = document.createElement("a");
  open.textContent = "Open the report";
  open.title = "In another tab of the browser";
  open.target = "_blank";
  save.textContent = "Download it";
  save.title = "To where the browser saves files";
  root.append(open, save);
  el.append(root);
  let url = "";

  function paint() {
    const html = model.get("html");
    URL.revokeObjectURL(url);
    url = html ? URL.createObjectURL(new Blob([html], { type: "text/html" })) : "";
    root.hidden = !html;
    for (const link of [open, save]) link.href = url;
    save.download = model.get("name");
  }
  model.on("change:html change:name", paint);
  paint();
  return () => { URL.revokeObjectURL(url); model.off("change:html change:name", paint); };
}

export default { render };
