// The end of a quiz: three columns of counts, what the network did to the answers, the photos once more, the class's link.

function countLine(count, of, what, measure) {
  const [low, high] = of ? wilson(count, of) : [0, 0];
  return make("div", { class: "count" },
    make("p", {}, make("b", {}, String(count)), make("span", { class: "of" }, ` of ${of} `), what),
    make("p", { class: "small" }, of ? `${measure} ${words.end.share(count, of, low, high)}` : ""));
}

function columns(cases, answers) {
  const lists = [answers.map(each => each.first), answers.map(each => each.final), cases.map(card => card.suspicious)];
  return make("div", { class: "columns three" }, ...lists.map((list, number) => {
    const counts = tally(cases, list);
    return make("section", {},
      make("h2", { class: "plain" }, words.end.columns[number]),
      countLine(counts.found, counts.malignant, words.end.found, words.end.sensitivity),
      countLine(counts.left, counts.benign, words.end.left, words.end.specificity));
  }));
}

function line(name, text, wrong) {
  return make("p", {}, make("span", { class: "who" }, name), wrong ? make("strong", {}, text) : text);
}

function smallPicture(card, said, number, look) {
  const right = rightness(card, said), name = words.truth.names[card.dx] ?? card.dx;
  const changed = said.first === said.final ? words.end.answer(said.final) : `${words.end.answer(said.first)} → ${words.end.answer(said.final)}`;
  const tag = make("span", { class: "tag" });
  if (card.malignant) tag.innerHTML = TRIANGLE;
  tag.append(name.split(" (")[0]);
  return make("li", {},
    make("button", { type: "button", class: "picture", onclick: () => look(card), "aria-label": words.end.look(number + 1, name) },
      make("img", { src: card.photo, alt: "" }), tag),
    line(words.end.you, changed, !right.final),
    line(words.end.network, words.end.verdict(card), !right.network));
}

function classPanel(set, large) {
  const link = `${location.origin}${location.pathname}#learn/${set.seed}/${set.size}`;
  const copy = make("button", { type: "button", class: "primary", onclick: async () => {
    try {
      await navigator.clipboard.writeText(link);
      copy.textContent = words.end.copied;
    } catch {
      getSelection().selectAllChildren(shown); // without HTTPS a page may not write: the reader copies
    }
  } }, words.end.copy);
  const shown = make("code", { class: "address" }, link);
  return make("section", { class: "panel class" },
    make("div", {}, make("h2", {}, words.end.class), make("p", { class: "small" }, words.end.classLead(set.size)), shown),
    make("div", { class: "actions" }, copy, large));
}

function endPage(set, answers, { again, other, look, large }) {
  const { cases } = set, told = influence(cases, answers);
  const save = make("button", { type: "button", class: "save", onclick: () => saveText(resultsTable(set, answers), words.end.file(set.seed)) }, words.end.save);
  return [
    make("div", { class: "top" },
      make("div", {}, make("p", { class: "small over" }, words.end.set(set.seed, set.size)), make("h1", { tabIndex: -1 }, words.end.title)),
      make("div", { class: "actions" },
        make("button", { type: "button", class: "primary other", onclick: other }, words.end.other),
        make("button", { type: "button", class: "again", onclick: again }, words.end.again), save)),
    columns(cases, answers),
    make("p", { class: "small" }, words.end.drawn(told.wrong, set.size)),
    make("div", { class: "columns two" },
      make("section", { class: "talked" }, make("h2", {}, words.end.talked(told.talked)), make("p", {}, words.end.talkedMore(told))),
      make("section", { class: "unhelped" }, make("h2", {}, words.end.unhelped(told.unhelped)), make("p", {}, words.end.unhelpedMore(told)))),
    make("ul", { class: "pictures" }, ...cases.map((card, number) => smallPicture(card, answers[number], number, look))),
    make("p", { class: "caption" }, words.end.amber),
    classPanel(set, large),
  ];
}
