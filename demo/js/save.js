// Saving what is shown: the picture with a strip of words below it, made in the browser.

function savePicture(canvas, lines) {
  const strip = 26 * lines.length + 16, whole = document.createElement("canvas");
  [whole.width, whole.height] = [Math.max(canvas.width, 640), canvas.height + strip];
  const context = whole.getContext("2d");
  context.fillStyle = "#fff";
  context.fillRect(0, 0, whole.width, whole.height);
  context.drawImage(canvas, 0, 0);
  context.fillStyle = "#17151c";
  context.font = "15px system-ui, sans-serif";
  lines.forEach((line, number) => context.fillText(line, 12, canvas.height + 28 + 26 * number, whole.width - 24));
  const link = document.createElement("a");
  link.download = "skinnet.png";
  link.href = whole.toDataURL("image/png");
  link.click();
}

function today() {
  return new Date().toLocaleDateString(LOCALE, { day: "numeric", month: "long", year: "numeric" });
}
