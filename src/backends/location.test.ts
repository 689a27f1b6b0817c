import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isCofferError } from "#base/errors.ts";
import { parseAvailableLocation, parseLocation, showLocation } from "#backends/location.ts";

describe("parseLocation", () => {
  it.each([
    ["/srv/backup", "/srv/backup"],
    ["relative/folder", "relative/folder"],
    ["local:/srv/backup", "/srv/backup"],
    ["local:s3:looks/like", "s3:looks/like"],
    ["C:\\Backup", "C:\\Backup"],
    ["c:/Backup", "c:/Backup"],
    ["local:D:\\Backup", "D:\\Backup"],
    ["\\\\server\\share\\b", "\\\\server\\share\\b"],
    ["./b2:odd", "./b2:odd"],
    ["/a:b", "/a:b"],
  ])("takes %s as a folder", (text, path) => {
    expect(parseAvailableLocation(text)).toEqual({ scheme: "local", path });
  });

  it.each([
    ["s3:s3.amazonaws.com/bucket", "https://s3.amazonaws.com", "bucket", ""],
    ["s3:http://127.0.0.1:9000/bucket/a/b/", "http://127.0.0.1:9000", "bucket", "a/b"],
    ["s3://eu.example/bucket/a", "https://eu.example", "bucket", "a"],
    ["s3:https://eu.example:8443/bucket", "https://eu.example:8443", "bucket", ""],
  ])("reads %s", (text, endpoint, bucket, prefix) => {
    expect(parseLocation(text)).toEqual({ scheme: "s3", endpoint, bucket, prefix });
  });

  it.each([
    ["sftp:host:path", undefined, "host", undefined, "path"],
    ["sftp:me@host:/srv/b", "me", "host", undefined, "/srv/b"],
    ["sftp:me@[::1]:/srv/b", "me", "::1", undefined, "/srv/b"],
    ["sftp://me@host:2222//srv/b/", "me", "host", 2222, "/srv/b"],
    ["sftp://host/b", undefined, "host", undefined, "b"],
    ["sftp://me@[::1]:22/b", "me", "::1", 22, "b"],
  ])("reads %s", (text, user, host, port, path) => {
    expect(parseLocation(text)).toEqual({ scheme: "sftp", user, host, port, path });
  });

  it.each([
    ["b2:bucket:a/b", "b2", "bucket", "a/b"],
    ["b2:bucket", "b2", "bucket", ""],
    ["azure:box:/", "azure", "box", ""],
    ["gs:box:/a/", "gs", "box", "a"],
    ["swift:box:/a", "swift", "box", "a"],
  ])("reads %s", (text, scheme, bucket, prefix) => {
    expect(parseLocation(text)).toEqual({ scheme, bucket, prefix });
  });

  it("keeps the password of an address apart", () => {
    const location = parseLocation("rest:https://me:p%40ss@host:8000/repo");
    if (location.scheme !== "rest") throw new Error("not rest");
    expect(location.url).toBe("https://host:8000/repo/");
    expect(location.user).toBe("me");
    expect(location.password?.reveal()).toBe("p@ss");
    expect(JSON.stringify(location)).not.toContain("p@ss");
    expect(`${location.password?.toString()}`).toBe("***");
    expect(parseLocation("rest:http+unix:///tmp/s.sock:/repo")).toMatchObject({
      url: "http+unix:///tmp/s.sock:/repo/",
    });
    expect(parseLocation("webdav:https://host/dav")).toMatchObject({ url: "https://host/dav/" });
    expect(parseLocation("rclone:remote:path")).toEqual({
      scheme: "rclone",
      remote: "remote:path",
    });
  });

  it.each([
    "",
    "local:",
    "s3:",
    "s3:host",
    "s3:https:///x",
    "b2:",
    "b2::x",
    "sftp:host",
    "sftp:",
    "foo:bar",
    "sftp://host",
    "rest:",
    "rest:ftp://host/",
    "rest:host/path",
    "http://host/path",
    "rclone:",
    "gs:/x",
    "sftp:-oProxyCommand=x:/p",
    "s3:key:secret@host/bucket",
    "constructor:x",
    "a\0b",
  ])("refuses %j", (text) => {
    expect(() => parseLocation(text)).toThrow(expect.objectContaining({ code: "BAD_LOCATION" }));
  });

  it("says which storages are not there yet", () => {
    expect(() => parseAvailableLocation("s3:host/bucket")).toThrow(
      expect.objectContaining({ code: "UNSUPPORTED" }),
    );
  });

  it("answers any text with a location or BAD_LOCATION, without repeating a password", () => {
    const scheme = fc.constantFrom("rest:https://", "s3:", "sftp://", "webdav:http://", "", "b2:");
    fc.assert(
      fc.property(scheme, fc.string({ unit: "grapheme" }), (start, rest) => {
        try {
          parseLocation(start + rest);
        } catch (error) {
          if (!isCofferError(error, "BAD_LOCATION")) throw error;
        }
        const shown = showLocation(`${start}user:Pa55w0rd${rest.replaceAll("@", "")}@host/x`);
        if (start.endsWith("//")) expect(shown).not.toContain("Pa55w0rd");
      }),
    );
  });
});

describe("showLocation", () => {
  it.each([
    ["/srv/b", "/srv/b"],
    ["rest:https://me:secret@host/r", "rest:https://me:***@host/r"],
    ["rest:https://me:se/cr@et@host/r", "rest:https://me:***@host/r"],
    ["sftp:me@host:/p", "sftp:me@host:/p"],
    ["rest:https://host/r?sig=abc&x=1", "rest:https://host/r?sig=***&x=1"],
  ])("shows %s as %s", (text, shown) => {
    expect(showLocation(text)).toBe(shown);
  });
});
