// The page's own line icons, drawn as SVG nodes (decoration: hidden from screen readers).

const PATHS = {
  bolt: "M11 2 4 11h5l-1 7 8-10h-5z",
  clip: "M14.5 8.5l-5.7 5.7a3 3 0 0 1-4.2-4.2l6.4-6.4a2 2 0 0 1 2.8 2.8l-6.2 6.2a1 1 0 0 1-1.4-1.4l5.5-5.5",
  send: "M3 10 17 3l-4 14-3.5-5.5z",
  close: "M5 5l10 10M15 5 5 15",
  back: "M12 4l-6 6 6 6",
  reply: "M4 4h12v9H9l-4 3v-3H4z",
  more: "M5 10h.01M10 10h.01M15 10h.01",
  eye: "M2 10s3-5 8-5 8 5 8 5-3 5-8 5-8-5-8-5zM10 8a2 2 0 1 0 0 4 2 2 0 0 0 0-4z",
  file: "M5 2h7l3 3v13H5zM12 2v4h3",
  hash: "M7 3 5 17M14 3l-2 14M3.5 7.5h14M2.5 12.5h14",
  lock: "M5 9h10v8H5zM7 9V6a3 3 0 0 1 6 0v3",
  home: "M3 10l7-6 7 6M5 9v8h10V9",
  warning: "M10 3 2 17h16zM10 8v4M10 14.5h.01",
  out: "M11 4h5v5M16 4l-8 8M8 5H4v11h11v-4",
  info: "M10 2.5a7.5 7.5 0 1 0 0 15 7.5 7.5 0 0 0 0-15zM10 9v5M10 6h.01",
  check: "M4 10.5l4 4 8-9",
  up: "M6 9l4-6c1.5 0 2 1 1.7 2.3L11 8h5l-1 8H6zM6 9H3v7h3",
  down: "M14 11l-4 6c-1.5 0-2-1-1.7-2.3L9 12H4l1-8h9zM14 11h3V4h-3",
  trash: "M4 6h12M8 6V4h4v2M6 6l1 11h6l1-11",
  clock: "M10 2.5a7.5 7.5 0 1 0 0 15 7.5 7.5 0 0 0 0-15zM10 6v4l3 2",
  dot: "M10 6a4 4 0 1 0 0 8 4 4 0 0 0 0-8zM10 8.5a1.5 1.5 0 1 0 0 3 1.5 1.5 0 0 0 0-3z",
  ring: "M10 4a6 6 0 1 0 0 12 6 6 0 0 0 0-12z",
  key: "M8 9a3.5 3.5 0 1 0 .01 0zM10.5 9.5 17 3M14 6l2 2",
  bell: "M5 14V9a5 5 0 0 1 10 0v5l1.5 1.5h-13zM8.5 17.5h3",
  link: "M8.5 11.5a3 3 0 0 0 4.2 0l3-3a3 3 0 0 0-4.2-4.2l-1 1M11.5 8.5a3 3 0 0 0-4.2 0l-3 3a3 3 0 0 0 4.2 4.2l1-1",
  turn: "M4 10a6 6 0 0 1 10.5-4M16 10a6 6 0 0 1-10.5 4M15 2.5V6h-3.5M5 17.5V14h3.5",
  globe: "M10 2.5a7.5 7.5 0 1 0 0 15 7.5 7.5 0 0 0 0-15zM2.5 10h15M10 2.5c-5 5-5 10 0 15 5-5 5-10 0-15",
  person: "M10 10a3 3 0 1 0 0-6 3 3 0 0 0 0 6zM4 17a6 6 0 0 1 12 0",
  image: "M3 4h14v12H3zM3 13l4-4 4 4 2-2 4 4M13 8h.01",
};

const SVG = "http://www.w3.org/2000/svg";

export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 20 20");
  svg.setAttribute("class", `icon icon-${name}`);
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", PATHS[name] ?? PATHS.info);
  svg.append(path);
  return svg;
}
