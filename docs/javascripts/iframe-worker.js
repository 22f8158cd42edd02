// A page that is opened from a folder may not start a worker. A frame runs the same script.
if (location.protocol === "file:") {
  window.Worker = class extends EventTarget {
    constructor(url) {
      super();
      const frame = document.createElement("iframe");
      frame.hidden = true;
      document.body.append(frame);
      const inside = frame.contentDocument;
      inside.open(); // or Firefox replaces the empty document a moment later
      inside.write("<!doctype html><title>Search</title>");
      inside.close();
      this.inside = frame.contentWindow;
      this.inside.postMessage = (data) => {
        const event = new MessageEvent("message", { data });
        this.dispatchEvent(event);
        this.onmessage?.(event);
      };
      const script = inside.createElement("script");
      script.src = url;
      this.loaded = new Promise((loaded) => script.addEventListener("load", loaded));
      inside.head.append(script);
    }

    async postMessage(data) {
      await this.loaded;
      this.inside.dispatchEvent(new MessageEvent("message", { data }));
    }
  };
}
