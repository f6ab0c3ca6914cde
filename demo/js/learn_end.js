// The end of a quiz: three columns of counts, what the network did to the answers, the photos once more.

const times = count => say(`learn.times_${Math.min(count, 3)}`, { number: count });
const capital = text => text[0].toUpperCase() + text.slice(1);

function countLine(count, of, what, measure) {
  const [low, high] = of ? wilson(count, of) : [0, 0];
  return make("div", { class: "count" },
    make("p", {}, make("b", {}, String(count)), make("span", { class: "of" }, say("learn.of", { number: of })), what),
    make("p", { class: "small" }, of ? say(measure, { share: Math.round((100 * count) / of), low: Math.round(100 * low), high: Math.round(100 * high) }) : ""));
}

function columns(cases, answers) {
  const lists = [answers.map(each => each.first), answers.map(each => each.final), cases.map(card => card.suspicious)];
  return make("div", { class: "columns three" }, ...lists.map((list, number) => {
    const counts = tally(cases, list);
    return make("section", {},
      make("h2", { class: "plain" }, say(`learn.column_${number}`)),
      countLine(counts.found, counts.malignant, say("learn.found"), "learn.sensitivity"),
      countLine(counts.left, counts.benign, say("learn.left"), "learn.specificity"));
  }));
}

function line(name, text, wrong) {
  return make("p", {}, make("span", { class: "who" }, name), wrong ? make("strong", {}, text) : text);
}

const shortAnswer = examine => say(examine ? "learn.examine" : "learn.leave_short");

function smallPicture(card, said, number, look) {
  const right = rightness(card, said), name = say(`common.${card.dx}`);
  const changed = said.first === said.final ? shortAnswer(said.final) : `${shortAnswer(said.first)} → ${shortAnswer(said.final)}`;
  const tag = make("span", { class: "tag" });
  if (card.malignant) tag.innerHTML = TRIANGLE;
  tag.append(name.split(" (")[0]);
  return make("li", {},
    make("button", { type: "button", class: "picture", onclick: () => look(card), "aria-label": say("learn.look", { number: number + 1, name }) },
      make("img", { src: card.photo, alt: "" }), tag),
    line(say("learn.you"), changed, !right.final),
    line(say("learn.network"), say(card.suspicious ? "learn.card_above" : "learn.card_below", { score: card.words }), !right.network));
}

function endPage(set, answers, { again, other, look, large, malignant }) {
  const { cases } = set, told = influence(cases, answers);
  const save = make("button", { type: "button", class: "save", onclick: () => saveText(resultsTable(set, answers), `skinnet-quiz-${set.seed}.csv`) }, say("learn.save"));
  return [
    make("div", { class: "top" },
      make("div", {}, make("p", { class: "small over" }, say("learn.end_set", set)), make("h1", { tabIndex: -1 }, say("learn.end_title"))),
      make("div", { class: "actions" },
        make("button", { type: "button", class: "primary other", onclick: other }, say("learn.other")),
        make("button", { type: "button", class: "again", onclick: again }, say("learn.again")), save)),
    columns(cases, answers),
    make("p", { class: "small" }, say("learn.drawn", { size: set.size, times: times(told.wrong) })),
    make("div", { class: "columns two" },
      make("section", { class: "talked" }, make("h2", {}, told.talked ? say("learn.talked", { times: capital(times(told.talked)) }) : say("learn.never_talked")), make("p", {}, say("learn.talked_more", { times: times(told.wrong), before: told.rightBefore, followed: say(told.followed ? "learn.followed" : "learn.never_followed", { times: times(told.followed) }) }))),
      make("section", { class: "unhelped" }, make("h2", {}, told.unhelped ? say("learn.unhelped", { times: capital(times(told.unhelped)) }) : say("learn.never_unhelped")), make("p", {}, say("learn.unhelped_more", { times: times(told.right), before: told.wrongBefore, helped: say(told.helped ? "learn.helped" : "learn.never_helped", { times: times(told.helped) }) })))),
    make("ul", { class: "pictures" }, ...cases.map((card, number) => smallPicture(card, answers[number], number, look))),
    make("p", { class: "caption" }, say("learn.amber")),
    classPanel(set, malignant, large),
  ];
}
