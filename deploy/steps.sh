# shellcheck shell=bash
# What ./deploy/quickstart and ./tests/run share: saying what is done and how long it took, and installing
# Debian packages. Sourced by them, from the root of the tree; bash.

STEP_TEXT=""
STEP_BEGAN=0

# Milliseconds of a clock, as a number.
milliseconds() { date +%s%3N; }

# 12345 -> "12.3 s"
seconds_text() { printf '%d.%d s' $(($1 / 1000)) $((($1 % 1000) / 100)); }

# Ends the step before, and begins one: says what is being done.
step() {
    step_end
    STEP_TEXT="$1"
    STEP_BEGAN=$(milliseconds)
    printf '\n==> %s\n' "$STEP_TEXT"
}

# Says how long the step took.
step_end() {
    if [ -n "$STEP_TEXT" ]; then
        printf '    %s: %s\n' "$STEP_TEXT" "$(seconds_text $(($(milliseconds) - STEP_BEGAN)))"
        STEP_TEXT=""
    fi
}

note() { printf '    %s\n' "$*"; }

fail() {
    printf '\n%s: %s\n' "$(basename "$0")" "$*" >&2
    exit 1
}

# The packages named in the given lists that are not installed.
missing_packages() {
    local wanted installed
    wanted=$(grep -hv -e '^#' -e '^$' "$@" | sort -u)
    # shellcheck disable=SC2086
    installed=$(dpkg-query -W -f='${Package} ${db:Status-Status}\n' $wanted 2>/dev/null |
        awk '$2 == "installed" { print $1 }' | sort -u || true)
    comm -23 <(echo "$wanted") <(echo "$installed")
}

# Installs what the given lists name and is missing; says what to do where it cannot.
install_packages() {
    local missing as_root=() log
    missing=$(missing_packages "$@" | tr '\n' ' ')
    missing=${missing% }
    if [ -z "$missing" ]; then
        note "all packages are installed"
        return
    fi
    note "missing: $missing"
    if [ "$(id -u)" != 0 ]; then
        if ! command -v sudo >/dev/null || ! sudo -n true 2>/dev/null; then
            fail "these Debian packages are missing, and installing needs root. Please run:
    sudo apt-get update && sudo apt-get install --no-install-recommends $missing"
        fi
        as_root=(sudo -n)
    fi
    log=$(mktemp)
    local apt=("${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -qq -y
        -o DPkg::Lock::Timeout=300 -o Acquire::Retries=3)
    if ! "${apt[@]}" update </dev/null >"$log" 2>&1; then
        tail -n 5 "$log" >&2
        note "the package lists could not be brought up to date; trying with those that are there"
    fi
    # shellcheck disable=SC2086
    if ! "${apt[@]}" install --no-install-recommends $missing </dev/null >"$log" 2>&1; then
        tail -n 20 "$log" >&2
        rm -f "$log"
        fail "apt-get could not install: $missing (its last words are above; this needs Debian 12)"
    fi
    rm -f "$log"
    note "installed"
}
