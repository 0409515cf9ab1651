// Buttons that copy the text of the field that they name; without this, the reader selects it.
document.querySelectorAll("[data-copy]").forEach((button) => {
  const field = document.getElementById(button.dataset.copy);
  button.hidden = false;
  button.addEventListener("click", async () => {
    field.select();
    try {
      await navigator.clipboard.writeText(field.value);
    } catch {
      document.execCommand("copy"); // pages that are not served over HTTPS have no clipboard
    }
    button.textContent = button.dataset.copied;
  });
});
