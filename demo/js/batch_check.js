// The clinic's own check: sentences and tables from the server.
function plainTable({ title, header, rows }) {
  return make("div", { class: "check-table", tabIndex: 0, role: "region", "aria-label": title },
    make("table", {}, make("caption", {}, title),
      make("thead", {}, make("tr", {}, ...header.map(text => make("th", { scope: "col" }, text)))),
      make("tbody", {}, ...rows.map(([first, ...cells]) =>
        make("tr", {}, make("th", { scope: "row" }, first), ...cells.map(text => make("td", {}, text)))))));
}

function checkPanel(check) {
  const panel = make("div", { class: "panel check" }, make("h2", {}, say("batch.own_check")));
  if (typeof check === "string") {
    panel.append(make("p", { class: "warning", role: "alert" }, check));
    return panel;
  }
  panel.append(...check.sentences.map(text => make("p", {}, text)), ...check.tables.map(plainTable));
  if (check.details.length)
    panel.append(make("details", {}, make("summary", {}, say("batch.details")), ...check.details.map(plainTable)));
  return panel;
}
