// Drop-downs (details.menu) close when the reader clicks elsewhere or presses Escape.
const openMenus = () => document.querySelectorAll("details.menu[open]");

document.addEventListener("click", ({ target }) => {
  openMenus().forEach((menu) => {
    if (!menu.contains(target)) menu.open = false;
  });
});
document.addEventListener("keydown", ({ key }) => {
  if (key !== "Escape") return;
  openMenus().forEach((menu) => {
    menu.open = false;
    menu.querySelector("summary").focus();
  });
});
