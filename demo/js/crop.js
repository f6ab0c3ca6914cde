// Turning and cropping: each makes a new photo of the shown one and calls `take(file)`.

function toFile(canvas, take) {
  canvas.toBlob(blob => take(new File([blob], "photo.jpg", { type: "image/jpeg" })), "image/jpeg", 0.95);
}

function turned(picture) {
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [picture.height, picture.width];
  const context = canvas.getContext("2d");
  context.translate(canvas.width, 0);
  context.rotate(Math.PI / 2);
  context.drawImage(picture, 0, 0);
  return canvas;
}

function listenForCrops(root, { picture, redraw, take }) {
  const find = name => root.querySelector(name);
  const canvas = find("canvas.photo"), tools = find(".cropping"), size = find(".crop-size");
  const frame = { on: false, x: 0.5, y: 0.5 };
  const share = () => size.value / 100;
  const within = value => Math.min(Math.max(value, share() / 2), 1 - share() / 2);
  const move = (x, y) => {
    [frame.x, frame.y] = [within(x), within(y)];
    redraw();
  };
  const finish = () => {
    frame.on = false;
    tools.hidden = true;
    redraw();
  };
  find(".turn").addEventListener("click", () => toFile(turned(picture()), take));
  find(".crop").addEventListener("click", () => {
    frame.on = true;
    tools.hidden = false;
    move(0.5, 0.5);
    canvas.focus();
  });
  size.addEventListener("input", () => move(frame.x, frame.y));
  const follow = event => {
    const box = canvas.getBoundingClientRect();
    move((event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height);
  };
  canvas.addEventListener("pointerdown", event => {
    if (!frame.on) return;
    canvas.setPointerCapture(event.pointerId);
    follow(event);
  });
  canvas.addEventListener("pointermove", event => {
    if (frame.on && event.buttons) follow(event);
  });
  canvas.addEventListener("keydown", event => {
    if (frame.on && event.key === "Escape") finish();
    const steps = { ArrowLeft: [-0.03, 0], ArrowRight: [0.03, 0], ArrowUp: [0, -0.03], ArrowDown: [0, 0.03] };
    if (!frame.on || !steps[event.key]) return;
    event.preventDefault();
    move(frame.x + steps[event.key][0], frame.y + steps[event.key][1]);
  });
  find(".cancel").addEventListener("click", finish);
  find(".apply").addEventListener("click", () => {
    const source = picture(), part = document.createElement("canvas");
    [part.width, part.height] = [source.width, source.height].map(side => Math.round(side * share()));
    const left = Math.round((frame.x - share() / 2) * source.width), top = Math.round((frame.y - share() / 2) * source.height);
    part.getContext("2d").drawImage(source, -left, -top);
    finish();
    toFile(part, take);
  });
  return () => {
    if (!frame.on) return;
    const context = canvas.getContext("2d"), { width, height } = canvas, [w, h] = [width * share(), height * share()];
    context.fillStyle = "rgb(0 0 0 / .5)";
    context.beginPath();
    context.rect(0, 0, width, height);
    context.rect(frame.x * width - w / 2, frame.y * height - h / 2, w, h);
    context.fill("evenodd");
  };
}
