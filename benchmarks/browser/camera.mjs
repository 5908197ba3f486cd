// The loop of every compared page: open the camera, then read one frame after the other.

/** @param {(video: HTMLVideoElement) => Promise<boolean>} read  true if a face with its expression was found */
export async function run(read) {
  const video = document.createElement("video");
  video.muted = true;
  video.srcObject = await navigator.mediaDevices.getUserMedia({ video: { width: 640, height: 480 } });
  await video.play();
  window.bench = { first: null, count: 0, found: 0 };
  for (;;) {
    const found = await read(video);
    window.bench.count++;
    if (found) window.bench.found++;
    if (found) window.bench.first ??= performance.now();
    await new Promise((resolve) => setTimeout(resolve, 0));
  }
}
