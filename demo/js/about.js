// The way to Gradio's page on the API: its own button, in a footer that is hidden, opens it. Only the English page has it.
element.querySelector(".api").addEventListener("click", () => {
  if (document.documentElement.lang === "en") document.querySelector("footer .show-api")?.click();
  else location.assign(new URL("?lang=en&view=api", document.baseURI));
});
addEventListener("keydown", event => {
  const behind = event.key === "Escape" && document.querySelector(".api-docs .backdrop"); // Gradio's dialog leaves it to the mouse
  if (!behind) return;
  behind.click();
  element.querySelector(".api").focus();
});
