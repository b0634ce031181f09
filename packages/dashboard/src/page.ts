import type { AutoscalerRow, DecisionRow, NodeCard, Overview, PodTile } from "./overview.ts";
import { style } from "./style.ts";

/** How often an open page looks for what is new. */
const refreshMs = 2000;

/** The whole page. It fetches its own body anew from `bodyUrl`. */
export function page(overview: Overview, bodyUrl: string): string {
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Bellows</title>
<meta name="viewport" content="width=device-width, initial-scale=1"><style>${style}</style></head>
<body><main>${body(overview)}</main>
<script>
const refresh = async () => {
  try {
    const answer = await fetch(${JSON.stringify(bodyUrl)});
    if (answer.ok) document.querySelector("main").innerHTML = await answer.text();
    document.body.classList.toggle("stale", !answer.ok);
  } catch { document.body.classList.add("stale"); }
};
setInterval(refresh, ${refreshMs});
</script></body></html>`;
}

/** What changes: all but the frame. */
export function body(overview: Overview): string {
  const { nodes, pending, podCount, usdPerHour, autoscalers, decisions } = overview;
  return `
<header><h1>Bellows</h1>
  ${figure(String(nodes.length), nodes.length === 1 ? "node" : "nodes")}
  ${figure(String(podCount), podCount === 1 ? "pod" : "pods")}
  ${figure(String(pending.length), "waiting for a node", pending.length > 0 ? "warn" : "")}
  ${figure(`$${usdPerHour.toFixed(3)}`, "an hour")}
  ${figure(new Date(overview.at).toISOString().slice(11, 19), "UTC")}
</header>
${pending.length > 0 ? `<section><h2>Waiting for a node</h2><div class="tiles">${pending.map(tile).join("")}</div></section>` : ""}
<section><h2>Nodes</h2><div class="nodes">${nodes.map(nodeCard).join("") || "<p>none</p>"}</div></section>
<section><h2>Autoscalers</h2>${autoscalerTable(autoscalers)}</section>
<section><h2>Decisions</h2>${decisionTable(decisions)}</section>`;
}

const figure = (value: string, label: string, kind = "") =>
  `<div class="figure ${kind}"><b>${escapeHtml(value)}</b><span>${escapeHtml(label)}</span></div>`;

const tile = ({ namespace, name, state }: PodTile) =>
  `<i class="tile ${state}" title="${escapeHtml(`${namespace}/${name}: ${state}`)}"></i>`;

function nodeCard(node: NodeCard): string {
  const price = node.usdPerHour === undefined ? "" : `$${node.usdPerHour.toFixed(4)}/h`;
  return `<article class="node ${node.state}">
  <h3>${escapeHtml(node.instanceType)} <small>${escapeHtml(price)}</small></h3>
  <p title="${escapeHtml(node.name)}">${escapeHtml(node.name.split(".")[0] ?? "")}</p>
  <p class="facts">${[node.zone, node.capacityType, node.group, node.state].filter(Boolean).map(escapeHtml).join(" · ")}</p>
  ${bar("cpu", node.cpu)}${bar("memory", node.memory)}
  <div class="tiles">${node.pods.map(tile).join("")}</div></article>`;
}

function bar(label: string, share: number): string {
  const percent = Math.round(share * 100);
  return `<div class="bar" title="${label} requested: ${percent} %"><span>${label}</span><div><i style="width:${Math.min(100, percent)}%"></i></div><b>${percent} %</b></div>`;
}

function autoscalerTable(rows: readonly AutoscalerRow[]): string {
  if (rows.length === 0) return "<p>none</p>";
  const cells = rows.map(({ name, target, metric, current, desired, range, why }) =>
    row([name, target, metric, current === desired ? String(current) : `${current} → ${desired}`, range, why]),
  );
  return table(["autoscaler", "target", "metric", "replicas", "range", "why"], cells);
}

function decisionTable(rows: readonly DecisionRow[]): string {
  if (rows.length === 0) return "<p>none yet</p>";
  return table(
    ["at", "object", "reason", ""],
    rows.map(({ at, object, reason, message }) => row([at, object, reason, message])),
  );
}

const table = (heads: readonly string[], rows: readonly string[]) =>
  `<table><thead><tr>${heads.map((head) => `<th>${head}</th>`).join("")}</tr></thead><tbody>${rows.join("")}</tbody></table>`;

const row = (cells: readonly string[]) => `<tr>${cells.map((cell) => `<td>${escapeHtml(cell)}</td>`).join("")}</tr>`;

const entities: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** Names and messages come from anybody who may write to the cluster. */
const escapeHtml = (text: string): string => text.replace(/[&<>"']/g, (character) => entities[character] as string);
