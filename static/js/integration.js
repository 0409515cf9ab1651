// Mapping tables: rows that fit what is typed, all ticks at once, and selects that get their options when they are opened.
document.querySelectorAll("[data-mapping]").forEach((table) => {
  const rows = [...table.querySelectorAll("[data-row]")];
  const find = table.querySelector("[data-find]");
  const none = table.querySelector("[data-none]");
  const tickAll = table.querySelector("[data-tick-all]");

  find?.addEventListener("input", () => {
    const words = find.value.toLowerCase().split(/\s+/).filter(Boolean);
    rows.forEach((row) => {
      const chosen = row.querySelector("select")?.selectedOptions[0]?.text.toLowerCase() ?? "";
      row.hidden = !words.every((word) => row.dataset.row.includes(word) || chosen.includes(word));
    });
    if (none) none.hidden = rows.some((row) => !row.hidden);
  });

  if (tickAll) {
    tickAll.hidden = false;
    tickAll.addEventListener("change", () => {
      rows.filter((row) => !row.hidden).forEach((row) => {
        row.querySelector(".action-select").checked = tickAll.checked;
      });
    });
  }
});

// What takes a moment to build comes after the page.
document.querySelectorAll("[data-fragment]").forEach(async (place) => {
  const answer = await fetch(place.dataset.fragment).catch(() => null);
  if (answer?.ok && !answer.redirected) place.outerHTML = await answer.text();
});

document.querySelector(".steps [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });

const fill = ({ target }) => {
  const select = target.closest?.("select[data-fill]");
  if (!select) return;
  const offered = document.getElementById(select.dataset.fill).options;
  const own = new Set([...select.options].map((option) => option.value));
  [...offered].slice(2).forEach((option) => {
    if (!own.has(option.value)) select.add(new Option(option.text, option.value));
  });
  delete select.dataset.fill;
};
document.addEventListener("pointerdown", fill);
document.addEventListener("focusin", fill);
