/** An id in the page's address. */
import { useRoute, useRouter } from "wouter";
import { usePathname } from "wouter/use-browser-location";
import { addressPart } from "./address-part.ts";

/**
 * What stands for the one parameter of `pattern` ("/devices/:monitorId") in the present address; undefined at other addresses. Make such an address
 * with encodeURIComponent.
 *
 * Not from the router's own parameters: those have gone through decodeURI, after which nobody can tell `%2F` from `%252F`, or decode the rest.
 */
export function useAddressPart(pattern: string): string | undefined {
  const { base } = useRouter();
  const [isThere] = useRoute(pattern);
  const pathname = usePathname();
  return isThere ? addressPart(pathname, `${base}${pattern}`) : undefined;
}
