// What plain links and forms cannot do. Without it everything still works.
(() => {
  "use strict";

  // A stream or a part that fails is said aloud, and shown, until something comes through again.
  const said = () => document.getElementById("said");
  const offline = (isOffline) => document.documentElement.classList.toggle("offline", isOffline);
  document.addEventListener("htmx:sseError", () => offline(true));
  document.addEventListener("htmx:sseOpen", () => offline(false));
  document.addEventListener("htmx:sendError", () => offline(true));
  document.addEventListener("htmx:afterOnLoad", () => offline(false));

  // What went wrong in a part is shown where the part would have been.
  document.addEventListener("htmx:beforeSwap", (event) => {
    const { xhr } = event.detail;
    if (xhr.status >= 400 && xhr.status !== 401) {
      event.detail.shouldSwap = false;
      const title = new DOMParser().parseFromString(xhr.responseText, "text/html").querySelector("h1");
      if (title && said()) said().textContent = title.textContent;
    }
  });
})();
