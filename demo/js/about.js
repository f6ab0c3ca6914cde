// The way to Gradio's page on the API: its own button, in a footer that is hidden, opens it.
element.querySelector(".api").addEventListener("click", () => document.querySelector("footer .show-api")?.click());
