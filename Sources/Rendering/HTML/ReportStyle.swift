/// The style sheet of the HTML report.
///
/// The colours are variables, with one set for light and one for dark mode. A test checks their
/// contrast.
package enum ReportStyle {
  package static let sheet: StaticString = """
    :root { color-scheme: light dark;
      --page: #f3f5f7; --card: #ffffff; --ink: #17202a; --soft: #4a5663; --line: #d3dae1;
      --track: #e9edf1; --bar: #1f5fa8; --bad: #b3231b; --warn: #875000; --good: #18683a; }
    @media (prefers-color-scheme: dark) { :root {
      --page: #0f1317; --card: #181e24; --ink: #e8ecf0; --soft: #adb8c3; --line: #323c46;
      --track: #2a333c; --bar: #6cb0f5; --bad: #ff958a; --warn: #f2b84b; --good: #6fd197; } }
    * { box-sizing: border-box; }
    html { -webkit-text-size-adjust: 100%; text-size-adjust: 100%; }
    body { margin: 0; background: var(--page); color: var(--ink);
      font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "DejaVu Sans", sans-serif; }
    header, main, footer { max-width: 76rem; margin: 0 auto; padding: 0 1.25rem; }
    header { padding-top: 2rem; }
    footer { padding-bottom: 3rem; }
    h1 { font-size: 1.6rem; line-height: 1.25; margin: 0; overflow-wrap: anywhere; }
    h2 { font-size: 1.15rem; margin: 0 0 0.25rem; }
    p { margin: 0.25rem 0 0.75rem; }
    .soft, .note { color: var(--soft); }
    .note { font-size: 0.9rem; max-width: 60rem; }
    .verdict { background: var(--card); border: 1px solid var(--line); border-left: 6px solid;
      border-radius: 8px; padding: 1rem 1.25rem; margin: 1.25rem 0; }
    .verdict p { margin: 0; overflow-wrap: anywhere; }
    .verdict .headline { font-size: 1.25rem; font-weight: 600; line-height: 1.35;
      color: var(--ink); }
    .verdict .badge { font-size: 0.8rem; font-weight: 700; letter-spacing: 0.06em;
      text-transform: uppercase; }
    .verdict ul { margin: 0.5rem 0 0; padding-left: 1.2rem; color: var(--ink); }
    .verdict.bad { border-left-color: var(--bad); } .verdict.bad .badge { color: var(--bad); }
    .verdict.warn { border-left-color: var(--warn); } .verdict.warn .badge { color: var(--warn); }
    .verdict.good { border-left-color: var(--good); } .verdict.good .badge { color: var(--good); }
    .figures { display: grid; grid-template-columns: repeat(8, 1fr); gap: 0.75rem;
      margin: 0 0 1.25rem; }
    @media (max-width: 76rem) { .figures { grid-template-columns: repeat(4, 1fr); } }
    .figures div { background: var(--card); border: 1px solid var(--line); border-radius: 8px;
      padding: 0.65rem 0.9rem; display: flex; flex-direction: column-reverse;
      justify-content: flex-end; }
    .figures dt { color: var(--soft); font-size: 0.85rem; line-height: 1.35; }
    .figures dd { margin: 0; font-size: 1.5rem; font-weight: 600; line-height: 1.3;
      font-variant-numeric: tabular-nums; }
    .figures dd.soft { font-weight: 400; font-size: 1.1rem; line-height: 1.77; }
    section { background: var(--card); border: 1px solid var(--line); border-radius: 8px;
      padding: 1.1rem 1.25rem 1.25rem; margin: 0 0 1.25rem; }
    .columns { display: grid; gap: 1.25rem; margin-bottom: 1.25rem; }
    .columns section { margin: 0; }
    @media (min-width: 60rem) { .columns { grid-template-columns: 1fr 1fr; } }
    figure { margin: 0.75rem 0 1rem; max-width: 46rem; }
    figure:last-child { margin-bottom: 0; }
    figcaption { color: var(--soft); font-size: 0.9rem; margin-bottom: 0.4rem; }
    svg { display: block; overflow: visible; }
    svg text { fill: var(--ink); font-size: 13px; font-variant-numeric: tabular-nums; }
    svg .value { text-anchor: end; font-weight: 600; }
    svg .middle { text-anchor: middle; font-size: 12px; }
    svg .soft { fill: var(--soft); font-size: 11px; }
    .track { fill: var(--track); } .axis { stroke: var(--soft); }
    .bar { fill: var(--bar); } .bar.bad { fill: var(--bad); }
    .bar.warn { fill: var(--warn); } .bar.good { fill: var(--good); }
    table { border-collapse: collapse; width: 100%; font-size: 0.92rem; margin-top: 1rem; }
    caption { text-align: left; color: var(--soft); font-size: 0.9rem; padding-bottom: 0.4rem; }
    th, td { text-align: left; vertical-align: top; padding: 0.4rem 1rem 0.4rem 0;
      border-top: 1px solid var(--line); }
    thead th { border-top: 0; color: var(--soft); font-weight: 600; font-size: 0.85rem;
      vertical-align: bottom; }
    tbody th { font-weight: 600; }
    .number { text-align: right; font-variant-numeric: tabular-nums; }
    .number, .time { white-space: nowrap; }
    tbody .name { overflow-wrap: anywhere; min-width: 8.5rem; } tbody th.name { min-width: 12rem; }
    .detail { display: block; color: var(--soft); font-size: 0.92em; font-weight: 400;
      white-space: normal; line-height: 1.4; }
    th:last-child, td:last-child { padding-right: 0; }
    td.bad, th.bad { color: var(--bad); font-weight: 600; }
    td.warn, th.warn { color: var(--warn); font-weight: 600; }
    td.good, th.good { color: var(--good); font-weight: 600; }
    td.soft { color: var(--soft); }
    .code { font-family: ui-monospace, "DejaVu Sans Mono", monospace; font-size: 0.93em; }
    .checks { list-style: none; margin: 0.5rem 0 0; padding: 0; }
    .checks li { border-top: 1px solid var(--line); padding: 0.5rem 0; display: grid;
      grid-template-columns: 5.5rem 1fr; }
    .checks li p { margin: 0; overflow-wrap: anywhere; }
    .checks .mark { font-weight: 700; }
    .mark.bad { color: var(--bad); } .mark.warn { color: var(--warn); }
    .mark.good { color: var(--good); } .mark.soft { color: var(--soft); }
    .facts { display: grid; grid-template-columns: minmax(8rem, max-content) 1fr;
      gap: 0.3rem 1.25rem; margin: 0.5rem 0 0; }
    .facts dt { color: var(--soft); } .facts dd { margin: 0; overflow-wrap: anywhere; }
    @media (max-width: 44rem) {
      body { font-size: 14px; }
      header, main, footer { padding-left: 0.75rem; padding-right: 0.75rem; }
      section, .verdict { padding-left: 0.9rem; padding-right: 0.9rem; }
      .figures { grid-template-columns: 1fr 1fr; gap: 0.5rem; }
      svg .middle { font-size: 10px; }
      .checks li { grid-template-columns: 1fr; }
      .facts { grid-template-columns: 1fr; gap: 0; } .facts dd { margin-bottom: 0.5rem; }
    }
    @media screen and (max-width: 62rem) {
      thead { position: absolute; width: 1px; height: 1px; overflow: hidden;
        clip-path: inset(50%); }
      table, caption, tbody, tr, tbody th, td { display: block; }
      tr { border-top: 1px solid var(--line); padding: 0.5rem 0; }
      tbody th, tbody th.name, td, tbody .name, td.number { border: 0; min-width: 0;
        padding: 0.1rem 0; text-align: left; white-space: normal; overflow-wrap: anywhere; }
      tbody td::before { content: attr(data-label) ": "; color: var(--soft); font-weight: 400; }
      .detail { display: inline; }
    }
    @media print {
      :root { color-scheme: light;
        --page: #ffffff; --card: #ffffff; --ink: #17202a; --soft: #4a5663; --line: #c3cbd3;
        --track: #e9edf1; --bar: #1f5fa8; --bad: #b3231b; --warn: #875000; --good: #18683a; }
      @page { margin: 14mm; }
      body { font-size: 9pt; }
      thead th.number { white-space: normal; }
      table { font-size: 7.5pt; } thead th { font-size: 7.5pt; }
      th, td { padding: 3pt 7pt 3pt 0; }
      tbody .name, tbody th.name { min-width: 7rem; }
      .figures { grid-template-columns: repeat(4, 1fr); }
      header, main, footer { max-width: none; padding-left: 0; padding-right: 0; }
      header { padding-top: 0; }
      section { border-width: 1px 0 0; border-radius: 0; padding-left: 0; padding-right: 0; }
      svg, figure, tr, .checks li, .verdict, .figures, .facts { break-inside: avoid; }
      h2, h3, h2 + .note, caption, figcaption { break-after: avoid; }
      * { -webkit-print-color-adjust: exact; print-color-adjust: exact; }
    }
    """
}
