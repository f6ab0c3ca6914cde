// Texts in the reader's language: say("batch.progress", { done: 3 }) fills the placeholders of TEXTS, which `part` in
// demo/part.py takes from the language's file. Of two forms, "1 photo|{count} photos", the first is for a count of one.
const LOCALE = TEXTS["common.locale"];

function say(key, values = {}) {
  const [one, other] = TEXTS[key].split("|");
  const chosen = other === undefined || values.count === 1 ? one : other;
  return typeset(chosen.replace(/\{(\w+)\}/g, (_, name) => values[name]));
}

// Keeps a percent sign on the line of its number.
const typeset = text => text.replaceAll(" %", TEXTS["common.percent"]);

const decimals = (value, digits) =>
  value.toLocaleString(LOCALE, { minimumFractionDigits: digits, maximumFractionDigits: digits });
