/**
 * A read-only WebDAV server (RFC 4918, class 1) over all snapshots: what Windows, macOS and Linux
 * mount without drivers. Listens on this machine only, and answers only requests that are addressed
 * to it, so that a web page elsewhere cannot read along.
 */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { once } from "node:events";
import { toHex } from "#base/bytes.ts";
import { CofferError, messageOf } from "#base/errors.ts";
import { toMillis } from "#base/timestamp.ts";
import { formatPath, parsePath, parseRange } from "#engine/node/webdav/request-path.ts";
import { contentSize, readRange } from "#operations/view/file-range.ts";
import type { View, ViewEntry } from "#operations/view/view-types.ts";
import type { Repository } from "#repository/repository.ts";

export interface WebdavOptions {
  /** 0: any free one. */
  readonly port: number;
  readonly onError: (path: string, message: string) => void;
}

export interface WebdavServer extends AsyncDisposable {
  /** `http://127.0.0.1:8080/` */
  readonly url: string;
}

const HOST = "127.0.0.1";
const ALLOW = "OPTIONS, GET, HEAD, PROPFIND";
const OWN_HOST = /^(?:localhost|127\.0\.0\.1|\[::1\])(?::\d+)?$/i;

/** @throws STORAGE_FAILED when the port is taken */
export async function serveWebdav(
  repo: Repository,
  view: View,
  { port, onError }: WebdavOptions,
): Promise<WebdavServer> {
  const server = createServer((request, response) => {
    answer(repo, view, request, response).catch((error: unknown) => {
      onError(request.url ?? "", messageOf(error));
      // Too late for a status: only a broken connection tells that the content is not whole.
      if (response.headersSent) response.destroy();
      else response.writeHead(500).end();
    });
  });
  server.listen(port, HOST);
  try {
    await once(server, "listening");
  } catch (error) {
    throw new CofferError("STORAGE_FAILED", `Cannot listen on port ${port}: ${messageOf(error)}`, {
      cause: error,
    });
  }
  return {
    url: `http://${HOST}:${(server.address() as AddressInfo).port}/`,
    async [Symbol.asyncDispose](): Promise<void> {
      server.closeAllConnections();
      await new Promise((resolve) => void server.close(resolve));
    },
  };
}

async function answer(
  repo: Repository,
  view: View,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  request.resume();
  if (!OWN_HOST.test(request.headers.host ?? "")) return end(response, 403);
  const path = parsePath(request.url ?? "");
  if (!path) return end(response, 400);
  switch (request.method) {
    case "OPTIONS":
      response.setHeader("DAV", "1");
      response.setHeader("MS-Author-Via", "DAV");
      response.setHeader("Allow", ALLOW);
      return end(response, 200);
    case "PROPFIND":
      return listProperties(view, path, request, response);
    case "GET":
    case "HEAD":
      return sendFile(repo, view, path, request, response);
    default:
      response.setHeader("Allow", ALLOW);
      return end(response, 405);
  }
}

function end(response: ServerResponse, status: number): void {
  response.writeHead(status, { "Content-Length": 0 }).end();
}

async function listProperties(
  view: View,
  path: readonly Uint8Array[],
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { depth } = request.headers;
  if (depth !== "0" && depth !== "1") return end(response, 403);
  const entry = await view.find(path);
  if (!entry) return end(response, 404);
  const inside = depth === "1" && entry.isFolder ? ((await view.list(path)) ?? []) : [];
  response.writeHead(207, { "Content-Type": 'application/xml; charset="utf-8"' });
  await write(response, '<?xml version="1.0" encoding="utf-8"?>\n<D:multistatus xmlns:D="DAV:">\n');
  await write(response, properties(path, entry));
  for (const each of inside) await write(response, properties([...path, each.name], each));
  response.end("</D:multistatus>\n");
}

function properties(path: readonly Uint8Array[], entry: ViewEntry): string {
  const facts = entry.isFolder
    ? "<D:resourcetype><D:collection/></D:resourcetype>"
    : `<D:resourcetype/><D:getcontentlength>${entry.size}</D:getcontentlength>` +
      `<D:getetag>${tagOf(entry)}</D:getetag>`;
  return (
    `<D:response><D:href>${formatPath(path, entry.isFolder)}</D:href><D:propstat><D:prop>${facts}` +
    `<D:getlastmodified>${httpDate(entry)}</D:getlastmodified></D:prop>` +
    "<D:status>HTTP/1.1 200 OK</D:status></D:propstat></D:response>\n"
  );
}

/** Equal for equal content: the ids of its first and last blob, and its size. */
function tagOf({ content, size }: ViewEntry): string {
  return `"${toHex(content.subarray(0, 8))}-${toHex(content.subarray(-8))}-${size.toString(16)}"`;
}

function httpDate({ mtime }: ViewEntry): string {
  const date = new Date(toMillis(mtime));
  return (Number.isNaN(date.getTime()) ? new Date(0) : date).toUTCString();
}

async function sendFile(
  repo: Repository,
  view: View,
  path: readonly Uint8Array[],
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const entry = await view.find(path);
  if (!entry) return end(response, 404);
  if (entry.isFolder) return end(response, 403);
  const tag = tagOf(entry);
  if (request.headers["if-none-match"] === tag) return end(response, 304);
  const size = contentSize(repo, entry.content);
  const ifRange = request.headers["if-range"];
  const isSame = ifRange === undefined || ifRange === tag;
  const range = parseRange(isSame ? request.headers.range : undefined, size);
  if (range === "bad") {
    response.setHeader("Content-Range", `bytes */${size}`);
    return end(response, 416);
  }
  const { from, to } = range === "all" ? { from: 0, to: size } : range;
  if (range !== "all") response.setHeader("Content-Range", `bytes ${from}-${to - 1}/${size}`);
  response.writeHead(range === "all" ? 200 : 206, {
    "Content-Type": "application/octet-stream",
    "Content-Length": to - from,
    "Last-Modified": httpDate(entry),
    "Accept-Ranges": "bytes",
    ETag: tag,
  });
  if (request.method !== "HEAD") {
    for await (const bytes of readRange(repo, entry.content, from, to)) {
      if (response.destroyed) return;
      await write(response, bytes);
    }
  }
  response.end();
}

/** Waits while the client is slow, so that memory stays bounded. */
async function write(response: ServerResponse, data: string | Uint8Array): Promise<void> {
  if (response.write(data) || response.destroyed) return;
  await Promise.race([once(response, "drain"), once(response, "close")]);
}
