/** The design system's colours, for canvases. */

/** Colours of lines, boxes and bars that are told apart, in the order of their use; after the last begin again. */
export const seriesColours = [
  "--series-1",
  "--series-2",
  "--series-3",
  "--series-4",
  "--series-5",
  "--series-6",
] as const;

/** The colour of a token ("--text-2") as a canvas takes it, in the theme that is shown now. Ask again when `useTheme().shown` changes. */
export function token(name: string): string {
  const probe = document.createElement("span");
  probe.style.color = `var(${name})`;
  document.body.append(probe);
  const { color } = getComputedStyle(probe);
  probe.remove();
  return color;
}
