/** The switch between system, light and dark. */
import { type ThemeChoice, useTheme } from "./theme.tsx";

const choices: readonly {
  readonly choice: ThemeChoice;
  readonly name: string;
  readonly path: string;
}[] = [
  { choice: "system", name: "As the system", path: "M3 4.5h14v9H3zM7.5 16.5h5" },
  {
    choice: "light",
    name: "Light",
    path: "M10 6.8a3.2 3.2 0 1 0 0 6.4a3.2 3.2 0 1 0 0-6.4M10 2v1.6M10 16.4V18M2 10h1.6M16.4 10H18M4.3 4.3l1.2 1.2M14.5 14.5l1.2 1.2M4.3 15.7l1.2-1.2M14.5 5.5l1.2-1.2",
  },
  { choice: "dark", name: "Dark", path: "M16.5 11.8A7 7 0 0 1 8.2 3.5a7 7 0 1 0 8.3 8.3z" },
];

/** Three radio buttons, named by `name` where there are several on a page. */
export function ThemeSwitch({ name }: { readonly name: string }) {
  const { choice: chosen, choose } = useTheme();
  return (
    <fieldset className="theme-switch">
      <legend className="visually-hidden">Theme</legend>
      {choices.map(({ choice, name: label, path }) => (
        <label key={choice} title={label}>
          <input
            type="radio"
            name={name}
            checked={choice === chosen}
            onChange={() => choose(choice)}
            className="visually-hidden"
          />
          <svg width="18" height="18" viewBox="0 0 20 20" aria-hidden="true">
            <path
              d={path}
              fill="none"
              stroke="currentColor"
              strokeWidth="1.6"
              strokeLinecap="round"
              strokeLinejoin="round"
            />
          </svg>
          <span className="visually-hidden">{label}</span>
        </label>
      ))}
    </fieldset>
  );
}
