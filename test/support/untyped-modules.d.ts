/** Packages of other people's clients that come without types. */
declare module "jsdom";
declare module "mephisto-task";
declare module "react";
declare module "react-dom/client";
