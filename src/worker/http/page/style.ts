/** The page's only style: for light and dark, wide and narrow. Contrast is 4.5:1 or more (WCAG AA). */
export const style = `
:root { color-scheme: light dark; --text: #1c2024; --soft: #5a6169; --line: #d9dde1; --back: #ffffff; --card: #f6f7f8;
  --link: #0b5cad; --good: #14713d; --bad: #b3261e; --warn: #8a5300; }
@media (prefers-color-scheme: dark) { :root { --text: #e6e8ea; --soft: #a3abb3; --line: #343a40; --back: #15181b; --card: #1d2125;
  --link: #7db8ff; --good: #5fd08d; --bad: #ff8f87; --warn: #f0b35c; } }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 1.5rem 1rem 3rem; max-width: 76rem; background: var(--back); color: var(--text);
  font: 16px/1.45 system-ui, sans-serif; overflow-wrap: anywhere; }
h1 { font-size: 1.4rem; margin: 0 0 .25rem; } h2 { font-size: 1.05rem; margin: 2rem 0 .5rem; } p { margin: .25rem 0; }
a { color: var(--link); } small, .soft { color: var(--soft); font-size: .875rem; }
table { width: 100%; border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { text-align: left; vertical-align: top; padding: .5rem .75rem .5rem 0; border-bottom: 1px solid var(--line); }
thead th { color: var(--soft); font-size: .875rem; font-weight: 600; white-space: nowrap; }
tbody th { font-weight: 600; min-width: 8rem; } tbody td { min-width: 5rem; }
td > small, th > small { display: block; font-weight: 400; } .number { text-align: right; white-space: nowrap; }
.state { font-weight: 600; white-space: nowrap; } .ok { color: var(--good); } .failing, .open { color: var(--bad); }
.late, .deferred { color: var(--warn); } .paused, .never_ran { color: var(--soft); }
ul.alerts { list-style: none; margin: 0; padding: 0; }
ul.alerts li { border-left: 4px solid var(--bad); background: var(--card); margin: .5rem 0; padding: .5rem .75rem; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .25rem 1.25rem; margin: 0; }
dt { color: var(--soft); } dd { margin: 0; }
footer { margin-top: 2.5rem; color: var(--soft); font-size: .875rem; }
@media (max-width: 45rem) {
  body { padding-top: 1rem; }
  table, tbody, tr, td, tbody th { display: block; }
  thead { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
  tbody tr { background: var(--card); border: 1px solid var(--line); border-radius: .5rem; padding: .5rem .75rem; margin: .75rem 0; }
  tbody th, td { border: 0; padding: .15rem 0; } td { padding-left: 6.5rem; text-indent: -6.5rem; } td.number { text-align: left; }
  td::before { content: attr(data-label); display: inline-block; width: 6.5rem; color: var(--soft); font-size: .875rem; }
  td::before, td > small { text-indent: 0; } td:empty { display: none; } dl { grid-template-columns: 1fr; } dd { margin-bottom: .5rem; }
}
`;
