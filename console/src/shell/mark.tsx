/** The product's mark: two jacks, and the cord that joins them. */
export function Mark({ size }: { readonly size: number }) {
  return (
    <svg className="mark" width={size} height={size} viewBox="0 0 32 32" aria-hidden="true">
      <rect width="32" height="32" rx="8" fill="var(--accent)" />
      <g fill="none" stroke="var(--on-accent)" strokeWidth="2.6" strokeLinecap="round">
        <circle cx="10" cy="9.5" r="3.2" />
        <circle cx="22" cy="22.5" r="3.2" />
        <path d="M13.4 9.5h3.2c7.6 0-8.8 13 -1.2 13h3.2" />
      </g>
    </svg>
  );
}
