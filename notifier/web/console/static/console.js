// What plain links and forms cannot do. Without it everything still works.
(() => {
  "use strict";

  // A stream that fails marks the page as old, until something comes through again.
  const offline = (isOffline) => document.documentElement.classList.toggle("offline", isOffline);

  // Read out, and where it is a failure, seen too.
  const tell = (text, isFailure) => {
    const said = document.getElementById("said");
    said.textContent = text;
    said.classList.toggle("visually-hidden", !isFailure);
  };

  // What somebody types into, or has opened, is not taken from under their hands.
  const isInUse = (part) =>
    part.contains(document.activeElement) ||
    part.querySelector("details[open]") !== null ||
    [...part.querySelectorAll("input, textarea")].some((field) => field.value !== field.defaultValue);

  document.addEventListener("htmx:oobBeforeSwap", (event) => {
    const { target } = event.detail;
    if (!("keep" in target.dataset)) return;
    event.detail.shouldSwap = !isInUse(target);
    target.classList.toggle("stale", !event.detail.shouldSwap);
  });

  document.addEventListener("htmx:sseError", () => offline(true));
  document.addEventListener("htmx:sseOpen", () => offline(false));
  document.addEventListener("htmx:sendError", () => offline(true));
  // A page that nobody looks at does not ask for news again and again.
  document.addEventListener("htmx:beforeRequest", (event) => {
    if (document.hidden && event.target.hasAttribute("data-while-seen")) event.preventDefault();
  });
  document.addEventListener("htmx:beforeSwap", (event) => {
    const { xhr } = event.detail;
    offline(false);
    if (xhr.status < 400 || xhr.status === 401) {
      tell("", false);
      return;
    }
    // The answer is a page of its own: only what it says is wanted here.
    event.detail.shouldSwap = false;
    const page = new DOMParser().parseFromString(xhr.responseText, "text/html");
    tell([...page.querySelectorAll("h1, .line")].map((part) => part.textContent).join(" · "), true);
  });
})();
