// The theme switch: "light", "dark" or "" (as the system has it), kept in a cookie that the server paints from.
document.querySelectorAll(".themes").forEach((switcher) => {
  switcher.hidden = false;
  switcher.addEventListener("change", ({ target }) => {
    document.cookie = `theme=${target.value}; path=/; max-age=31536000; samesite=lax`;
    if (target.value) document.documentElement.dataset.theme = target.value;
    else delete document.documentElement.dataset.theme;
  });
});
