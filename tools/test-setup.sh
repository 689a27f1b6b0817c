#!/bin/sh
# Installs what the tests use besides Node: official restic and borg to prove that each reads what the
# other wrote, tools for extended attributes and ACLs, and Chromium. On Debian and its relatives, as
# root; elsewhere it says what is missing.
set -eu

missing=
for program in restic borg getfattr setfacl setpriv; do
  command -v "$program" >/dev/null 2>&1 || missing="$missing $program"
done
[ -x "${CHROMIUM:-/usr/bin/chromium}" ] || missing="$missing chromium"
if [ -z "$missing" ]; then
  echo "Everything that the tests need is installed."
  exit 0
fi

if [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null 2>&1; then
  export DEBIAN_FRONTEND=noninteractive
  apt-get update -q
  apt-get install -q -y --no-install-recommends \
    restic borgbackup attr acl util-linux chromium fonts-dejavu-core </dev/null
  exit 0
fi

echo "The tests need these programs, which are not installed:$missing" >&2
echo "On Debian and Ubuntu, as root: apt-get install restic borgbackup attr acl chromium" >&2
echo "A Chromium elsewhere is named by the variable CHROMIUM." >&2
exit 1
