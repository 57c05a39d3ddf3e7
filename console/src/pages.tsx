/** The table of pages: the one place that a page is entered in. */
import { type ComponentType, lazy } from "react";
import { icons } from "./shell/icons.ts";

/** A page as the shell knows it. */
export interface PageEntry {
  /** First part of its address: `/console/NAME`; everything below it (`/console/NAME/…`) is the page's too. "" is `/console/`. */
  readonly name: string;
  /** In the navigation. */
  readonly title: string;
  /** Hidden unless this service is served; those of `admin` also where the token lacks that role. */
  readonly service: string;
  /** Its sign in the navigation, of shell/icons.ts. */
  readonly icon: string;
  /** Loaded when it is first looked at. */
  readonly Content: ComponentType;
}

/**
 * In the order of the navigation: overview, experiments, tracking, lobby, devices, crowd, inspector. At 390 px the first four are always seen,
 * the others behind "More".
 */
export const pages: readonly PageEntry[] = [
  {
    name: "",
    title: "Overview",
    service: "admin",
    icon: icons.overview,
    Content: lazy(async () => ({
      default: (await import("./pages/overview/overview-page.tsx")).OverviewPage,
    })),
  },
  {
    name: "experiments",
    title: "Experiments",
    service: "experiments",
    icon: icons.experiments,
    Content: lazy(async () => ({
      default: (await import("./pages/experiments/experiments-page.tsx")).ExperimentsPage,
    })),
  },
  {
    name: "tracking",
    title: "Tracking",
    service: "tracking",
    icon: icons.tracking,
    Content: lazy(async () => ({
      default: (await import("./pages/tracking/tracking-page.tsx")).TrackingPage,
    })),
  },
  {
    name: "lobby",
    title: "Lobby",
    service: "lobby",
    icon: icons.lobby,
    Content: lazy(async () => ({
      default: (await import("./pages/lobby/lobby-page.tsx")).LobbyPage,
    })),
  },
  {
    name: "devices",
    title: "Devices",
    service: "devices",
    icon: icons.devices,
    Content: lazy(async () => ({
      default: (await import("./pages/devices/devices-page.tsx")).DevicesPage,
    })),
  },
  {
    name: "crowd",
    title: "Crowd",
    service: "crowd",
    icon: icons.crowd,
    Content: lazy(async () => ({
      default: (await import("./pages/crowd/crowd-page.tsx")).CrowdPage,
    })),
  },
  {
    name: "inspector",
    title: "Inspector",
    service: "admin",
    icon: icons.inspector,
    Content: lazy(async () => ({
      default: (await import("./pages/inspector/inspector-page.tsx")).InspectorPage,
    })),
  },
];

/** Every part in all its states, for who writes pages. In no navigation: /console/parts. */
export const Parts = lazy(async () => ({
  default: (await import("./pages/parts/parts-page.tsx")).PartsPage,
}));
