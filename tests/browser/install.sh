#!/bin/sh
# Brings Chromium, and a font with Chinese in it, for the tests of the console's pages.
# Where that cannot be done it says so and ends well: every other test needs no browser.
set -u

has_browser() {
    for name in chromium chromium-browser google-chrome; do
        command -v "$name" >/dev/null 2>&1 && return 0
    done
    return 1
}

not_run() {
    echo "=================================================================================" >&2
    echo "NO BROWSER: $1." >&2
    echo "The tests of the console's pages in a browser (tests/browser) will NOT be run." >&2
    echo "Install Chromium (Debian: apt-get install chromium) and run this again." >&2
    echo "=================================================================================" >&2
    exit 0
}

apt() {
    DEBIAN_FRONTEND=noninteractive timeout "$1" apt-get -q -y \
        -o DPkg::Lock::Timeout=120 -o Acquire::Retries=2 -o Acquire::http::Timeout=30 \
        -o Acquire::https::Timeout=30 "$2" ${3:-} ${4:-} ${5:-} </dev/null >>"$log" 2>&1
}

has_browser && exit 0
[ "$(id -u)" = 0 ] || not_run "no Chromium was found, and only root can install it"
command -v apt-get >/dev/null 2>&1 || not_run "no Chromium was found, and there is no apt-get to install it"

log=$(mktemp)
trap 'rm -f "$log"' EXIT
echo "Installing Chromium for the browser tests (some minutes)..."
# Lists that are partly out of date may do all the same.
apt 300 update || echo "apt-get update failed; trying with the lists as they are" >&2
if ! apt 1200 install --no-install-recommends chromium fonts-wqy-microhei; then
    tail -n 5 "$log" >&2
    not_run "apt-get could not install Chromium"
fi
has_browser || not_run "apt-get installed Chromium, but it is not on the PATH"
