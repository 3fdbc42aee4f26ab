#!/bin/sh
# Brings what the tests of the console's pages need of the machine: Chromium, a font with Chinese in it, and the
# one library that the driver (Playwright's) asks for beyond what every Debian has. Takes the Python to ask by.
# Where that cannot be done it says so and ends well: every other test needs no browser.
set -u
python=${1:-.venv/bin/python}

has_browser() {
    for name in chromium chromium-browser google-chrome; do
        command -v "$name" >/dev/null 2>&1 && return 0
    done
    return 1
}

has_driver() {
    "$python" -m playwright --version >/dev/null 2>&1
}

not_run() {
    echo "=================================================================================" >&2
    echo "NO BROWSER: $1." >&2
    echo "The tests of the console's pages in a browser (tests/browser) will NOT be run." >&2
    echo "Install it (Debian: apt-get install chromium libatomic1) and run this again." >&2
    echo "=================================================================================" >&2
    exit 0
}

apt() {
    seconds=$1
    shift
    DEBIAN_FRONTEND=noninteractive timeout "$seconds" apt-get -q -y \
        -o DPkg::Lock::Timeout=120 -o Acquire::Retries=2 -o Acquire::http::Timeout=30 \
        -o Acquire::https::Timeout=30 "$@" </dev/null >>"$log" 2>&1
}

wanted=""
has_browser || wanted="chromium fonts-wqy-microhei"
has_driver || wanted="$wanted libatomic1"
[ -n "$wanted" ] || exit 0
[ "$(id -u)" = 0 ] || not_run "this is missing, and only root can install it: $wanted"
command -v apt-get >/dev/null 2>&1 || not_run "this is missing, and there is no apt-get to install it: $wanted"

log=$(mktemp)
trap 'rm -f "$log"' EXIT
echo "Installing for the browser tests (some minutes): $wanted"
# Lists that are partly out of date may do all the same.
apt 300 update || echo "apt-get update failed; trying with the lists as they are" >&2
# shellcheck disable=SC2086 -- several names
if ! apt 1200 install --no-install-recommends $wanted; then
    tail -n 5 "$log" >&2
    not_run "apt-get could not install $wanted"
fi
has_browser || not_run "apt-get installed Chromium, but it is not on the PATH"
has_driver || not_run "the driver does not start: $("$python" -m playwright --version 2>&1 | tail -n 1)"
