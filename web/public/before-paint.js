// Runs before the first paint, so that a chosen theme does not flash.
try {
  var theme = localStorage.getItem('patchbay.theme');
  if (theme === 'light' || theme === 'dark') document.documentElement.dataset.theme = theme;
} catch (error) {
  // Storage may be shut; the system's theme is used.
}
