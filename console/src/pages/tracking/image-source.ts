/** An object's image as a browser shows it. */

/** How base64 of each kind begins. Nothing else is shown: SVG, for one, is more than a picture. */
const beginnings = [
  ["/9j/", "image/jpeg"],
  ["iVBORw0KGgo", "image/png"],
  ["R0lGOD", "image/gif"],
  ["UklGR", "image/webp"],
] as const;

/** A data URL; undefined if the text is no base64 of a JPEG, PNG, GIF or WebP. It may begin as a data URL. */
export function imageSource(image: string): string | undefined {
  const base64 = image.replace(/^data:image\/[a-z.+-]+;base64,/, "");
  const found = beginnings.find(([beginning]) => base64.startsWith(beginning));
  return found === undefined || !/^[A-Za-z0-9+/]+={0,2}$/.test(base64)
    ? undefined
    : `data:${found[1]};base64,${base64}`;
}
