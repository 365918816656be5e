/** The page's look: quiet, and the same in light and dark. */
export const STYLE = `
:root{--paper:#fbfaf7;--card:#fff;--ink:#1d2327;--soft:#667078;--line:#e2e0d9;--grid:#ecebe5;--good:#2f855a;--bad:#c53030;--warn:#b7791f;
--c1:#2b6cb0;--c2:#c05621;--c3:#2f855a;--c4:#805ad5;--c5:#b83280;--c6:#718096;--c7:#b7791f;
--m0:#cfe8d8;--m1:#f6e3a8;--m2:#f3b48a;--m3:#d9748a}
@media(prefers-color-scheme:dark){:root{--paper:#14181b;--card:#1b2125;--ink:#e8eaeb;--soft:#98a3aa;--line:#2c343a;--grid:#262d32;--good:#68d391;--bad:#fc8181;--warn:#f6c667;
--c1:#63b3ed;--c2:#f6ad55;--c3:#68d391;--c4:#b794f4;--c5:#f687b3;--c6:#a0aec0;--c7:#ecc94b;
--m0:#24513b;--m1:#72601c;--m2:#8a4b1f;--m3:#8b2c44}}
*{box-sizing:border-box}
body{margin:0;background:var(--paper);color:var(--ink);font:15px/1.5 system-ui,-apple-system,"Segoe UI",sans-serif}
main{max-width:1060px;margin:0 auto;padding:28px 20px 60px}
h1{font-size:25px;line-height:1.25;margin:0 0 4px}
h2{font-size:16px;margin:0}
p{margin:6px 0 0}.soft{color:var(--soft)}
.verdict{margin:18px 0 14px;padding:13px 16px;border-radius:10px;background:var(--card);border:1px solid var(--line);border-left:6px solid var(--good);font-weight:600}
.verdict.bad{border-left-color:var(--bad)}
.tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(200px,1fr));gap:10px;margin-bottom:18px}
.tile{background:var(--card);border:1px solid var(--line);border-radius:10px;padding:11px 14px}
.tile b{display:block;font-size:21px;font-variant-numeric:tabular-nums}
.tile.good b{color:var(--good)}.tile.bad b{color:var(--bad)}
.tile span{color:var(--soft);font-size:13px}
section{background:var(--card);border:1px solid var(--line);border-radius:10px;padding:13px 16px 6px;margin-bottom:12px}
section>p{font-size:13px;color:var(--soft);margin:2px 0 6px}
svg{display:block;width:100%;height:auto}svg text{fill:var(--soft);font-size:11.5px;font-family:inherit}
.grid{stroke:var(--grid)}
.keys{display:flex;flex-wrap:wrap;gap:4px 16px;font-size:13px;color:var(--soft)}
.keys i{display:inline-block;width:11px;height:11px;border-radius:3px;margin-right:6px;vertical-align:-1px}
table{border-collapse:collapse;width:100%;font-size:13.5px;margin:6px 0 8px;font-variant-numeric:tabular-nums}
td,th{text-align:left;padding:3px 12px 3px 0;border-bottom:1px solid var(--line);font-weight:400}
th{color:var(--soft)}td.number{text-align:right}
.columns{display:grid;grid-template-columns:repeat(auto-fit,minmax(300px,1fr));gap:12px}`;
