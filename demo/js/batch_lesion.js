// Several photos of one lesion: all scores, and the verdict of the highest. Two photos: the change between them.
function lesionPanel(rows, start, swapped, swap) {
  const scored = rows.filter(hasFigures).sort(ORDERS.score);
  const panel = make("div", { class: "panel lesion" }, make("h2", {}, words.lesion.title));
  if (!scored.length) {
    panel.append(make("p", {}, words.lesion.none));
    return panel;
  }
  const [highest] = scored;
  const lowest = scored[scored.length - 1];
  panel.append(
    make("p", { class: "lesion-verdict" }, icon(highest.state), words.lesion[highest.state]),
    make("p", {}, words.lesion.highest(highest), " ",
      scored.length > 1 ? words.lesion.span(lowest.words, highest.words, scored.length) : null),
    axis(scored, start.threshold, `${words.lesion.all}: ${scored.map(row => row.words).join(", ")}.`),
  );
  if (scored.length < rows.length) panel.append(make("p", { class: "small" }, words.lesion.left(rows.length - scored.length)));
  if (rows.length === 2 && scored.length === 2) panel.append(...overTime(swapped ? [rows[1], rows[0]] : rows, start, swap));
  return panel;
}

const factorWords = logOdds => {
  const factor = Math.exp(Math.abs(logOdds));
  return factor < 10 ? factor.toFixed(1) : Math.round(factor).toLocaleString("en");
};

function overTime([earlier, later], start, swap) {
  const change = logit(later.score) - logit(earlier.score);
  const figure = (row, title) =>
    make("figure", {}, picture(row), make("figcaption", {}, make("strong", {}, title), ` ${row.name} `, make("b", {}, row.words)));
  const said = Math.abs(change) < 0.005 ? words.time.same : words.time.change(change > 0, factorWords(change));
  return [
    make("h3", {}, words.time.title),
    make("div", { class: "pair" }, figure(earlier, words.time.earlier), figure(later, words.time.later)),
    make("p", { class: "change" }, said, " ", ...againstScatter(change, start.scatter)),
    make("p", { class: "small" }, words.time.advice),
    make("button", { type: "button", onclick: swap }, words.time.swap),
  ];
}

function againstScatter(change, scatter) {
  if (scatter.log_odds === null) return [words.time.noScatter];
  const beyond = Math.abs(change) > scatter.log_odds;
  const drawn = make("span", { class: "scatter", role: "img", "aria-label": words.time.axis });
  const widest = 1.25 * Math.max(scatter.log_odds, Math.abs(change));
  const at = value => `${50 + (50 * value) / widest}%`;
  const range = make("i", { class: "range" });
  range.style.left = at(-scatter.log_odds);
  range.style.width = `${(100 * scatter.log_odds) / widest}%`;
  const dot = make("i", { class: "dot" });
  dot.style.left = at(change);
  drawn.append(range, make("i", { class: "zero" }), dot);
  return [words.time.scatter(scatter, factorWords(scatter.log_odds)), " ", beyond ? words.time.beyond : words.time.within, drawn];
}
