#!/bin/sh
# Installs what the tests use besides Node: official restic and borg, to prove that each reads what the
# other wrote; tools for extended attributes and ACLs; shells, to try the completions; Chromium. On
# Debian and its relatives, as root; elsewhere it says what is missing.
set -eu

absent() {
  for program in "$@"; do
    command -v "$program" >/dev/null 2>&1 || printf ' %s' "$program"
  done
}
needed=$(absent restic borg getfattr setfacl setpriv script bsdtar unzip rclone curl)
[ -x "${CHROMIUM:-/usr/bin/chromium}" ] || needed="$needed chromium"
# Without these a test proves less, but runs.
useful=$(absent zsh fish)

if [ -z "$needed$useful" ]; then
  echo "Everything that the tests use is installed."
elif [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null 2>&1; then
  export DEBIAN_FRONTEND=noninteractive
  apt-get update -q
  apt-get install -q -y --no-install-recommends \
    restic borgbackup attr acl util-linux bsdutils libarchive-tools unzip rclone curl python3 \
    zsh fish chromium fonts-dejavu-core </dev/null
elif [ -n "$needed" ]; then
  echo "The tests need these programs, which are not installed:$needed" >&2
  echo "On Debian and Ubuntu, as root: apt-get install restic borgbackup attr acl libarchive-tools unzip rclone curl chromium" >&2
  echo "A Chromium elsewhere is named by the variable CHROMIUM." >&2
  exit 1
else
  echo "Everything that the tests need is installed, but for these shells:$useful"
fi
