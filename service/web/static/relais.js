"use strict";
// Everything works without this script. It adds: dropping a file, copying, downloading, accepting
// and undoing changes, notes that keep inside the window and close with Escape, and job pages that
// follow the work.

const editor = document.querySelector("form.editor");
if (editor) {
  const textarea = editor.querySelector("textarea");
  const input = editor.querySelector('input[type="file"]');
  const button = editor.querySelector('button[type="submit"]');
  const label = button.textContent;

  editor.addEventListener("submit", () => {
    if (!button.dataset.busy) return;
    button.setAttribute("aria-busy", "true");
    button.textContent = button.dataset.busy;
    const calm = () => { button.removeAttribute("aria-busy"); button.textContent = label; };
    addEventListener("pageshow", calm, { once: true });
    // A document comes back as a download, and the page stays.
    if (input && input.files.length) setTimeout(calm, 4000);
  });
  textarea.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) editor.requestSubmit();
  });

  if (input) {
    // A text in UTF-8 is shown at once; the server reads all others.
    const take = async (files) => {
      input.files = files;
      if (!/\.(txt|md|markdown)$|^[^.]+$/i.test(files[0].name)) return;
      try {
        const bytes = await files[0].arrayBuffer();
        textarea.value = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
        input.value = "";
        textarea.focus();
      } catch { /* the file stays chosen */ }
    };
    const hasFiles = (event) => event.dataTransfer && event.dataTransfer.types.includes("Files");
    for (const kind of ["dragenter", "dragover"]) {
      addEventListener(kind, (event) => {
        if (!hasFiles(event)) return;
        event.preventDefault();
        editor.classList.add("drop");
      });
    }
    addEventListener("dragleave", (event) => {
      if (!event.relatedTarget) editor.classList.remove("drop");
    });
    addEventListener("drop", (event) => {
      editor.classList.remove("drop");
      if (!hasFiles(event) || !event.dataTransfer.files.length) return;
      event.preventDefault();
      take(event.dataTransfer.files);
    });
    input.addEventListener("change", () => { if (input.files.length) take(input.files); });
  }
}

// ---- Notes on names ----

const inside = (mark) => {
  const note = mark.querySelector(".pop");
  mark.classList.remove("hushed");
  if (!note || getComputedStyle(note).position === "fixed") return;
  note.style.setProperty("--shift", "0px");
  const room = document.documentElement.clientWidth - 16;
  const over = note.getBoundingClientRect().right - room;
  if (over > 0) note.style.setProperty("--shift", `${-over}px`);
};
for (const mark of document.querySelectorAll("mark[tabindex]")) {
  mark.addEventListener("mouseenter", () => inside(mark));
  mark.addEventListener("focus", () => inside(mark));
}
addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const mark of document.querySelectorAll("mark:hover, mark:focus-within")) {
    if (mark.contains(document.activeElement)) mark.focus();
    mark.classList.add("hushed");
  }
});

// ---- A translation ----

const whole = document.querySelector("#whole");
if (whole) {
  const said = document.querySelector("#said");
  for (const hidden of document.querySelectorAll("[data-needs-script]")) hidden.hidden = false;
  const copy = document.querySelector("#copy");
  copy.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(whole.textContent);
      copy.textContent = "Copied";
    } catch {
      whole.closest("details").open = true;
      getSelection().selectAllChildren(whole);
      copy.textContent = "Selected: press Ctrl+C";
    }
    said.textContent = copy.textContent;
    setTimeout(() => { copy.textContent = "Copy"; }, 2500);
  });
  document.querySelector("#download").addEventListener("click", () => {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([whole.textContent], { type: "text/plain;charset=utf-8" }));
    link.download = "english.txt";
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  });
  // Accepting a suggestion, or putting back what stood there: in the row, the text and the table.
  for (const button of document.querySelectorAll("button.swap")) {
    button.hidden = false;
    const mark = button.closest("mark");
    const shown = mark.querySelector(".is");
    const { was, right } = shown.dataset;
    const number = button.dataset.name;
    const before = { text: shown.textContent, look: mark.className, label: button.textContent };
    const other = before.text === right ? was : right;
    const did = document.querySelector(`tr[data-name="${number}"] .did`);
    const done = did && did.textContent;
    button.addEventListener("click", () => {
      const undone = shown.textContent === other;
      shown.textContent = undone ? before.text : other;
      mark.className = undone ? before.look : (other === right ? "changed" : "suggested");
      button.textContent = undone ? before.label : "Undo";
      whole.querySelector(`[data-name="${number}"]`).textContent = shown.textContent;
      if (did) did.textContent = undone ? done : (other === right ? "accepted" : "put back");
      said.textContent = `${shown.textContent} stands there now.`;
    });
  }
}

// ---- Jobs ----

const follow = () => {
  const live = document.querySelector("#live[data-refresh]");
  if (!live) return;
  setTimeout(async () => {
    try {
      const answer = await fetch(location.pathname);
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const fresh = page.querySelector("#live");
      if (answer.ok && fresh && !live.contains(document.activeElement)) live.replaceWith(fresh);
    } catch { /* the server may be back next time */ }
    follow();
  }, Number(live.dataset.refresh) * 1000);
};
follow();
