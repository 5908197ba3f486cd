// Light or dark theme: the preference of the system, unless the visitor chose one. Runs before the first paint, so
// nothing flashes.

const KEY = "emoscope-theme";
const root = document.documentElement;
const systemDark = matchMedia("(prefers-color-scheme: dark)");

/** @returns {"light" | "dark" | null} what the visitor chose */
function chosen() {
  try {
    const value = localStorage.getItem(KEY);
    return value === "light" || value === "dark" ? value : null;
  } catch {
    return null; // storage can be blocked; then only the system preference counts
  }
}

function apply() {
  root.dataset.theme = chosen() ?? (systemDark.matches ? "dark" : "light");
  const button = document.querySelector("[data-theme-toggle]");
  button?.setAttribute("aria-pressed", String(root.dataset.theme === "dark"));
  root.dispatchEvent(new CustomEvent("themechange"));
}

function toggle() {
  const next = root.dataset.theme === "dark" ? "light" : "dark";
  try {
    if (next === (systemDark.matches ? "dark" : "light")) localStorage.removeItem(KEY);
    else localStorage.setItem(KEY, next);
    apply();
  } catch {
    root.dataset.theme = next;
  }
}

apply();
systemDark.addEventListener("change", apply);
document.addEventListener("DOMContentLoaded", () => {
  const button = document.querySelector("[data-theme-toggle]");
  button?.removeAttribute("hidden");
  button?.addEventListener("click", toggle);
  apply();
});
