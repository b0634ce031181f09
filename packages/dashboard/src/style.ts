/** The page's style sheet: one column, light or dark as the reader's system is. */
export const style = `
:root { color-scheme: light dark; --line: light-dark(#d8dee4, #30363d); --soft: light-dark(#57606a, #9198a1);
  --card: light-dark(#f6f8fa, #161b22); --ok: #2da44e; --wait: #bf8700; --bad: #cf222e; --idle: #8c959f; --fill: #0969da; }
* { box-sizing: border-box }
body { font: 14px/1.45 system-ui, sans-serif; margin: 0; background: light-dark(#fff, #0d1117); color: light-dark(#1f2328, #e6edf3) }
body.stale main { opacity: .5 }
main { max-width: 1280px; margin: 0 auto; padding: 20px }
header { display: flex; flex-wrap: wrap; align-items: baseline; gap: 28px }
h1 { font-size: 22px; margin: 0 } h2 { font-size: 15px; margin: 26px 0 10px } h3 { font-size: 14px; margin: 0 }
small, .facts, .figure span { color: var(--soft); font-weight: normal }
.figure b { font-size: 19px; margin-right: 6px; font-variant-numeric: tabular-nums } .figure.warn b { color: var(--wait) }
.nodes { display: grid; grid-template-columns: repeat(auto-fill, minmax(290px, 1fr)); gap: 12px }
.node { background: var(--card); border: 1px solid var(--line); border-left: 4px solid var(--ok); border-radius: 6px; padding: 10px 12px }
.node.NotReady { border-left-color: var(--wait) } .node.Cordoned { border-left-color: var(--idle) }
.node p { margin: 2px 0; overflow: hidden; text-overflow: ellipsis; white-space: nowrap } .node h3 small { float: right }
.bar { display: grid; grid-template-columns: 58px 1fr 48px; align-items: center; gap: 8px; font-size: 12px }
.bar > div { height: 6px; background: var(--line); border-radius: 3px; overflow: hidden } .bar > div i { display: block; height: 100%; background: var(--fill) }
.bar b { text-align: right; font-weight: normal; font-variant-numeric: tabular-nums }
.tiles { display: flex; flex-wrap: wrap; gap: 3px; margin-top: 8px }
.tile { width: 13px; height: 13px; border-radius: 3px; background: var(--ok) } .tile.starting { background: var(--wait) }
.tile.leaving { background: var(--idle) } .tile.failed { background: var(--bad) } .tile.done { background: var(--line) }
table { border-collapse: collapse; width: 100%; font-size: 13px } th { text-align: left; color: var(--soft); font-weight: normal }
th, td { padding: 4px 14px 4px 0; border-bottom: 1px solid var(--line); vertical-align: top; overflow-wrap: anywhere }
td:first-child, td:nth-child(2) { font-variant-numeric: tabular-nums; white-space: nowrap }
`;
