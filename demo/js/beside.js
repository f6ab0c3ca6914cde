// The section of the Results tab that sets another checkpoint beside the one that is served.

const root = element.querySelector(".beside"), { names, none } = props.value;
const told = make("div", { class: "results", "aria-live": "polite" });

function chooser() {
  const select = make("select", { id: "beside-name" }, ...names.map(name => make("option", {}, name)));
  const compare = () => {
    told.replaceChildren(make("p", { class: "small" }, "Comparing ..."));
    trigger("compare", { name: select.value });
  };
  return make("p", { class: "chooser" }, make("label", { htmlFor: select.id }, "The other one"), select,
    make("button", { type: "button", onclick: compare }, "Compare"));
}

root.append(make("h2", {}, "Beside another checkpoint"), names.length ? chooser() : make("p", { class: "small" }, none), told);
watch("value", () => {
  const { html, error } = props.value;
  if (error) told.replaceChildren(make("p", { class: "warning", role: "alert" }, error));
  else if (html) told.innerHTML = html; // written by the server, which escapes names
});
