/**
 * The one parser of repository locations. Knows every scheme that restic has and Coffer's own, so
 * that a typing error is told from a storage that is not available yet; never shows a credential.
 */
import { CofferError } from "#base/errors.ts";
import { Secret } from "#base/secret.ts";

/**
 * What a location names, by scheme. Paths and prefixes are as written, without a trailing slash.
 */
export type Location =
  | { readonly scheme: "local"; readonly path: string }
  | {
      readonly scheme: "sftp";
      readonly user: string | undefined;
      readonly host: string;
      readonly port: number | undefined;
      /** Relative paths start at the account's home folder. */
      readonly path: string;
    }
  | {
      readonly scheme: "rest" | "webdav";
      /** Without user and password; ends in a slash. `http+unix:///socket:/path/` for rest too. */
      readonly url: string;
      readonly user: string | undefined;
      readonly password: Secret | undefined;
    }
  | {
      readonly scheme: "s3";
      /** Base URL of the service, `https://s3.amazonaws.com`. */
      readonly endpoint: string;
      readonly bucket: string;
      readonly prefix: string;
    }
  | {
      readonly scheme: "b2" | "azure" | "gs" | "swift";
      /** Bucket or container. */
      readonly bucket: string;
      readonly prefix: string;
    }
  | { readonly scheme: "rclone"; readonly remote: string }
  | {
      readonly scheme: "ftp" | "dropbox" | "gdrive" | "onedrive";
      readonly rest: string;
    };

export type LocationScheme = Location["scheme"];

type Parser = (rest: string, scheme: string) => Location;

const PARSERS: Readonly<Record<LocationScheme, Parser>> = {
  local: (path) => ({ scheme: "local", path: filled(path, "a path after local:") }),
  sftp: parseSftp,
  rest: (rest) => parseHttp("rest", rest),
  webdav: (rest) => parseHttp("webdav", rest),
  s3: parseS3,
  b2: (rest) => parseBucket("b2", rest),
  azure: (rest) => parseBucket("azure", rest),
  gs: (rest) => parseBucket("gs", rest),
  swift: (rest) => parseBucket("swift", rest),
  rclone: (remote) => ({ scheme: "rclone", remote: filled(remote, "rclone:remote:path") }),
  ftp: (rest) => ({ scheme: "ftp", rest }),
  dropbox: (rest) => ({ scheme: "dropbox", rest }),
  gdrive: (rest) => ({ scheme: "gdrive", rest }),
  onedrive: (rest) => ({ scheme: "onedrive", rest }),
};

/** Schemes whose storage this version can open. */
const AVAILABLE: ReadonlySet<LocationScheme> = new Set(["local"]);

/**
 * Parses a repository location. A single letter before the colon is a Windows drive; text without a
 * known scheme is a path, unless it looks like an address (`http://…`, `foo:bar`).
 * @throws BAD_LOCATION; the message never repeats the text, which may hold a password
 */
export function parseLocation(text: string): Location {
  filled(text, "a path or scheme:address");
  const match = /^([a-zA-Z][a-zA-Z0-9+.-]+):([\s\S]*)$/.exec(text);
  if (match === null) return { scheme: "local", path: text };
  const [, written = "", rest = ""] = match;
  const scheme = written.toLowerCase();
  if (isScheme(scheme)) return PARSERS[scheme](rest, scheme);
  // `./a:b` and `/a:b` never get here; restic too takes `foo:bar` as a mistyped scheme.
  throw new CofferError(
    "BAD_LOCATION",
    `Unknown kind of storage "${written}:"; for a folder of that name write ./${written}:…`,
  );
}

/**
 * The same, for storages that can be opened now.
 * @throws UNSUPPORTED for a known scheme that is not available; BAD_LOCATION
 */
export function parseAvailableLocation(text: string): Location {
  const location = parseLocation(text);
  if (AVAILABLE.has(location.scheme)) return location;
  throw new CofferError(
    "UNSUPPORTED",
    `Storage over ${location.scheme}: is not available in this version; local folders are`,
    { data: { scheme: location.scheme } },
  );
}

/**
 * The location as shown to people: passwords and signatures become `***`. Works on text that does
 * not parse too, since it is what an error about it would show.
 */
export function showLocation(text: string): string {
  // `//user:password@host`: a password may itself hold `@` or `/`, so the last `@` counts.
  const hidden = text.replace(
    /^((?:[a-zA-Z0-9+.-]+:)*\/\/)([^:/?#]*):(.*)@/s,
    (_, lead: string, user: string) => `${lead}${user}:***@`,
  );
  // Signed addresses (Azure SAS, presigned S3) carry their secret in the query.
  return hidden.replace(
    /([?&](?:sig|token|password|key|x-amz-signature|x-amz-credential)=)[^&#]*/gi,
    "$1***",
  );
}

function isScheme(text: string): text is LocationScheme {
  return Object.hasOwn(PARSERS, text);
}

function filled(text: string, expected: string): string {
  if (text !== "" && !text.includes("\0")) return text;
  throw new CofferError(
    "BAD_LOCATION",
    `The repository location is incomplete: expected ${expected}`,
  );
}

/** `user@host:path` as scp has it, or `//user@host:port/path`, where `//path` is absolute. */
function parseSftp(rest: string): Location {
  const expected = "sftp:user@host:/path or sftp://user@host:port//path";
  const address = rest.startsWith("//")
    ? /^\/\/(?:([^@/]+)@)?(\[[^\]]+\]|[^:/@[\]]+)(?::(\d+))?\/(.+)$/.exec(rest)
    : /^(?:([^@/:]+)@)?(\[[^\]]+\]|[^:/@[\]]+)()?:(.+)$/.exec(rest);
  const [, user, host = "", port, path = ""] = address ?? [];
  filled(host, expected);
  if (host.startsWith("-") || user?.startsWith("-")) {
    // ssh would take it as an option.
    throw new CofferError("BAD_LOCATION", "Host and user of sftp: must not begin with a dash");
  }
  return {
    scheme: "sftp",
    user,
    host: host.replace(/^\[|\]$/g, ""),
    port: port === undefined || port === "" ? undefined : Number(port),
    path: trimmed(path),
  };
}

function parseHttp(scheme: "rest" | "webdav", rest: string): Location {
  const expected = `${scheme}:https://host/path`;
  if (scheme === "rest" && rest.startsWith("http+unix://")) {
    return { scheme, url: slashed(rest), user: undefined, password: undefined };
  }
  const url = httpUrl(rest, expected);
  const user = url.username === "" ? undefined : decoded(url.username);
  const password = url.password === "" ? undefined : new Secret(decoded(url.password));
  url.username = "";
  url.password = "";
  return { scheme, url: slashed(url.href), user, password };
}

/**
 * `host/bucket/prefix`, with `https://` or `http://` before it or not, or `//host/…` as restic had.
 */
function parseS3(rest: string): Location {
  const expected = "s3:host/bucket/prefix";
  const bare = rest.replace(/^\/\//, "");
  const url = httpUrl(/^https?:\/\//i.test(bare) ? bare : `https://${bare}`, expected);
  if (url.username !== "" || url.password !== "") {
    throw new CofferError(
      "BAD_LOCATION",
      "Keys for s3: belong into AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, not in the location",
    );
  }
  const [bucket = "", ...prefix] = url.pathname.replace(/^\/+/, "").split("/");
  filled(bucket, expected);
  return {
    scheme: "s3",
    endpoint: url.origin,
    bucket: decoded(bucket),
    prefix: trimmed(decoded(prefix.join("/"))),
  };
}

/** `bucket:prefix`; a leading slash of the prefix means nothing. */
function parseBucket(scheme: "b2" | "azure" | "gs" | "swift", rest: string): Location {
  const expected = `${scheme}:bucket:prefix`;
  const [, bucket = "", prefix = ""] = /^([^:/]+)(?::(.*))?$/s.exec(rest) ?? [];
  return { scheme, bucket: filled(bucket, expected), prefix: trimmed(prefix.replace(/^\/+/, "")) };
}

function httpUrl(text: string, expected: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url !== undefined && /^https?:$/.test(url.protocol) && url.hostname !== "") return url;
  throw new CofferError(
    "BAD_LOCATION",
    `The repository location is not an address: expected ${expected}`,
  );
}

/** Percent-decoded, or as it is when that is no valid text. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch (error) {
    if (error instanceof URIError) return text;
    throw error;
  }
}

function trimmed(path: string): string {
  return path.length > 1 ? path.replace(/\/+$/, "") || "/" : path;
}

function slashed(url: string): string {
  return url.endsWith("/") ? url : `${url}/`;
}
