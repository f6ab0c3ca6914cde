// Ways for a photo to come in: chosen, dropped, pasted, or taken with a camera. Each calls `take(file)`.

function listenForPhotos(root, take) {
  const find = name => root.querySelector(name);
  const stage = find(".stage"), library = find(".library"), rear = find(".rear"), live = find(".live");
  find(".choose").addEventListener("click", () => library.click());
  for (const input of [library, rear])
    input.addEventListener("change", () => {
      if (input.files.length) take(input.files[0]);
      input.value = "";
    });
  root.addEventListener("dragover", event => {
    event.preventDefault();
    stage.classList.add("over");
  });
  root.addEventListener("dragleave", () => stage.classList.remove("over"));
  root.addEventListener("drop", event => {
    event.preventDefault();
    stage.classList.remove("over");
    const file = [...event.dataTransfer.files][0];
    if (file) take(file);
  });
  addEventListener("paste", event => {
    const file = [...(event.clipboardData?.files ?? [])][0];
    if (file && root.offsetParent) take(file);
  });

  // A phone opens its rear camera by itself; elsewhere the page shows what the camera sees, not mirrored.
  const phone = matchMedia("(pointer: coarse)").matches;
  const camera = find(".camera"), video = find("video");
  camera.hidden = !phone && !navigator.mediaDevices;
  let stream = null;
  const stop = () => {
    stream?.getTracks().forEach(track => track.stop());
    live.hidden = true;
    find(".drop").hidden = false;
  };
  camera.addEventListener("click", async () => {
    if (phone) return rear.click();
    try {
      stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: { ideal: "environment" }, width: { ideal: 1920 } } });
    } catch {
      camera.textContent = say("classify.no_camera");
      return;
    }
    video.srcObject = stream;
    await video.play();
    find(".drop").hidden = true;
    live.hidden = false;
  });
  find(".stop").addEventListener("click", stop);
  find(".shoot").addEventListener("click", () => {
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [video.videoWidth, video.videoHeight];
    canvas.getContext("2d").drawImage(video, 0, 0);
    stop();
    canvas.toBlob(blob => take(new File([blob], "camera.jpg", { type: "image/jpeg" })), "image/jpeg", 0.95);
  });
}
