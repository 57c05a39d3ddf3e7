/** Whose token the page has, and the way to log out. */
import { Button } from "../parts/button.tsx";
import { useSession } from "../session/session.tsx";

/** Nothing where the server asks for no token. */
export function Account() {
  const { auth, name, roles, logOut } = useSession();
  if (!auth) return null;
  return (
    <div className="account">
      <span className="account-name" title={roles.length === 0 ? "no roles" : roles.join(", ")}>
        {name ?? "unnamed"}
      </span>
      <Button look="bare" onClick={() => logOut()}>
        Log out
      </Button>
    </div>
  );
}
