// Cards as web pages: {"cards": [{"name", "text", "blocks"}]} on stdin -> one HTML file each in the folder given as argument.
// The renderer is somebody else's reading of Block Kit, so that a card is seen with other eyes than ours.
import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { createElement } from "react";
import { renderToStaticMarkup } from "react-dom/server";
import { Message } from "slack-blocks-to-jsx";

const require = createRequire(import.meta.url);
const css = readFileSync(join(require.resolve("slack-blocks-to-jsx"), "..", "style.css"), "utf8");
const logo =
  "data:image/svg+xml;base64," +
  Buffer.from(
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 36 36"><rect width="36" height="36" rx="6" fill="#1d1c1d"/>' +
      '<path d="M24 7a12 12 0 1 0 5 15A10 10 0 0 1 24 7z" fill="#f2c744"/></svg>',
  ).toString("base64");

// The renderer hands a rich text date over without its fallback: shown as a reader in UTC sees it.
const date = ({ timestamp }) =>
  createElement("span", null, new Date(Number(timestamp) * 1000).toUTCString().slice(5, 22));

const { cards } = JSON.parse(readFileSync(0, "utf8"));
for (const card of cards) {
  const message = createElement(Message, {
    blocks: card.blocks,
    logo,
    name: "Midwatch",
    time: new Date("2026-03-02T02:07:00Z"),
    withoutWrapper: false,
    theme: "light",
    hooks: { date },
  });
  const body = renderToStaticMarkup(message);
  const page = `<!doctype html><meta charset="utf-8"><style>${css}
    body { margin: 0; padding: 12px; background: #fff; font-family: Lato, "Liberation Sans", Arial, sans-serif; }
    span { white-space: pre-line; }
    pre, code { font-family: "DejaVu Sans Mono", monospace; }</style><div id="card">${body}</div>`;
  writeFileSync(join(process.argv[2], `${card.name}.html`), page);
}
