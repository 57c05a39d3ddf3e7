/** Which object's timeline is shown: part of the address, so that it can be kept and sent. */
import { useCallback } from "react";
import { useLocation, useRoute } from "wouter";

/** The object of `/tracking/objects/N`, and a way to another one. */
export function useObjectAddress(): readonly [
  objectId: number | undefined,
  show: (objectId: number) => void,
] {
  const [, params] = useRoute("/tracking/objects/:objectId");
  const [, navigate] = useLocation();
  const show = useCallback((objectId: number) => navigate(objectAddress(objectId)), [navigate]);
  const given = params?.objectId;
  return [given !== undefined && /^-?\d{1,15}$/.test(given) ? Number(given) : undefined, show];
}

export function objectAddress(objectId: number): string {
  return `/tracking/objects/${objectId}`;
}
