/** Chooses the theme that was chosen last, before the first paint. src/shell/theme.tsx does the rest. */
try {
  const theme = localStorage.getItem("switchboard.theme");
  if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
} catch {
  // Storage is forbidden: the system's theme it is.
}
