/** A small number with its name; belongs into a `<dl class="facts">`. */
export function Fact({
  name,
  value,
  isNoted = false,
}: {
  readonly name: string;
  readonly value: string;
  readonly isNoted?: boolean;
}) {
  return (
    <div className={isNoted ? "fact fact-noted" : "fact"}>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  );
}
