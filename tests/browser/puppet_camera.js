// A camera on strings: the test says what is before it, and when it breaks.
(() => {
  const canvas = document.createElement("canvas");
  canvas.width = 1280;
  canvas.height = 720;
  const context = canvas.getContext("2d");
  let images = [];
  let trouble = "";
  let isFrozen = false;
  let starts = 0;
  const paint = () => {
    if (!isFrozen) {
      context.fillStyle = `rgb(${90 + Math.floor(Math.random() * 4)} 80 70)`;
      context.fillRect(0, 0, 1280, 720);
      images.forEach((image, index) => {
        const middle = (1280 * (2 * index + 1)) / (2 * images.length);
        context.drawImage(image, middle - 170, 190, 340, 340);
      });
    }
    setTimeout(paint, 33);
  };
  paint();
  const load = (address) =>
    new Promise((resolve) => {
      const image = new Image();
      image.onload = () => resolve(image);
      image.src = address;
    });
  window.puppet = {
    show: async (addresses) => { images = await Promise.all(addresses.map(load)); },
    breakWith: (name) => { trouble = name; },
    freeze: (on) => { isFrozen = on; },
    starts: () => starts,
  };
  navigator.mediaDevices.getUserMedia = async () => {
    starts += 1;
    if (trouble) throw new DOMException("puppet", trouble);
    return canvas.captureStream(30);
  };
  navigator.permissions.query = async () => ({ state: window.puppetPermission ?? "prompt" });
})();
