// The notice to visitors: hidden in this browser once dismissed, until its text changes. Runs before the first paint.

const STORAGE_KEY = "emoscope-notice";
const notice = document.getElementById("visitor-notice");
const text = document.getElementById("visitor-notice-text")?.textContent ?? "";
const button = document.getElementById("visitor-notice-dismiss");

/** @returns {boolean} */
function dismissed() {
  try {
    return localStorage.getItem(STORAGE_KEY) === text;
  } catch {
    return false; // storage can be blocked; then every page shows the notice
  }
}

if (notice && button) {
  notice.hidden = dismissed();
  button.hidden = false;
  button.addEventListener("click", () => {
    try {
      localStorage.setItem(STORAGE_KEY, text);
    } catch {
      // hidden on this page only
    }
    notice.hidden = true;
    document.getElementById("main")?.focus(); // the focus was on a button that is now hidden
  });
}
