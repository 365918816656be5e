import type { Method } from './method.ts';
import { restPath } from './openapi.ts';
import type { Schema } from './schemas.ts';

const ESCAPES: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
const escaped = (text: string): string => text.replace(/[&<>"]/g, (c) => ESCAPES[c] ?? c);

const STYLE = `body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#222}
code{background:#f2f2f2;padding:0 .25em;border-radius:3px}table{border-collapse:collapse}
td,th{border-bottom:1px solid #ddd;padding:.2rem .8rem .2rem 0;text-align:left;vertical-align:top}
@media(prefers-color-scheme:dark){body{background:#111;color:#ddd}code{background:#222}td,th{border-color:#333}}`;

/** The method table as one page for people, with nothing loaded from elsewhere. */
export function docsPage(methods: readonly Method[]): string {
  const sections = methods.map(section).join('\n');
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Plimsoll API</title><style>${STYLE}</style></head><body>
<h1>Plimsoll API</h1>
<p>Every method is at the WebSocket <code>/ws</code> (JSON-RPC 2.0) and, where a path is given, over REST. Channels:
<code>book.{instrument}</code>, <code>trades.{instrument}</code>, <code>ticker.{instrument}</code>,
<code>index.{underlying}</code>, <code>mode.{underlying}</code>, <code>user.orders.{account}</code>, <code>user.fills.{account}</code>,
<code>user.account.{account}</code>, <code>user.liquidations.{account}</code>,
<code>liquidations</code>, <code>status</code>. For programs: <a href="/openapi.json">/openapi.json</a>.</p>
${sections}
</body></html>
`;
}

function section(method: Method): string {
  const path = restPath(method);
  const verb = method.access === 'public' ? 'GET' : 'POST';
  const rest = path === null ? 'WebSocket only' : `<code>${verb} ${escaped(path)}</code>`;
  const properties = Object.entries(method.params.properties as Record<string, Schema>);
  const required = method.params.required as readonly string[];
  const rows = properties.map(([name, schema]) => {
    const optional = required.includes(name) ? '' : ' (optional)';
    return `<tr><td><code>${escaped(name)}</code>${optional}</td><td>${escaped(words(schema))}</td></tr>`;
  });
  const table = rows.length === 0 ? '' : `<table>${rows.join('')}</table>`;
  return `<h2 id="${method.name}">${escaped(method.name)}</h2><p>${escaped(method.summary)}<br>${rest}, answers
<code>${escaped(method.returns)}</code></p>${table}`;
}

function words(schema: Schema): string {
  const choices = Array.isArray(schema.enum) ? ` (${schema.enum.join(', ')})` : '';
  return `${schema.type}: ${schema.description ?? ''}${choices}`;
}
