// The section of the Results tab that sets another checkpoint beside the one that is served.

const root = element.querySelector(".beside"), { names } = props.value;
const told = make("div", { class: "results", "aria-live": "polite" });

function chooser() {
  const select = make("select", { id: "beside-name" }, ...names.map(name => make("option", {}, name)));
  const compare = () => {
    told.replaceChildren(make("p", { class: "small" }, say("beside.comparing")));
    trigger("compare", { name: select.value });
  };
  return make("p", { class: "chooser" }, make("label", { htmlFor: select.id }, say("beside.other")), select,
    make("button", { type: "button", onclick: compare }, say("beside.compare")));
}

root.append(make("h2", {}, say("beside.title")), names.length ? chooser() : make("p", { class: "small" }, say("beside.none")), told);
watch("value", () => {
  const { html, error } = props.value;
  if (error) told.replaceChildren(make("p", { class: "warning", role: "alert" }, error));
  else if (html) told.innerHTML = html; // written by the server, which escapes names
});
