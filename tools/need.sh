# SPDX-License-Identifier: MIT
# tools/need.sh - what a bare Debian 12 lacks. Sourced by ./dev and the scripts beside this one.
# `need LIST...` is instant when everything is there, and then needs no root.

say() { printf '== %s\n' "$*"; }
die() { printf 'dev: %s\n' "$*" >&2; exit 1; }

NEED_build="gcc g++ libc6-dev meson ninja-build pkg-config clang clang-tidy clang-format cppcheck pmccabe
    libsodium-dev libicu-dev libphonenumber-dev libzip-dev libexpat1-dev libxlsxwriter-dev libuchardet-dev
    libcurl4-openssl-dev libseccomp-dev libssl-dev libpq-dev libfido2-dev liboath-dev libldap-dev librhonabwy-dev libqrencode-dev libmd4c-dev libgumbo-dev libfuse3-dev libturbojpeg0-dev libpng-dev libwebp-dev libgif-dev libexif-dev nodejs npm git python3 curl ca-certificates openssl"
NEED_run="ca-certificates tzdata"
NEED_test="postgresql postgresql-client chromium libfaketime python3-openpyxl python3-jsonschema libclang-rt-14-dev valgrind fuse3 procps postfix slapd ldap-utils"
NEED_bench="nginx-light wrk"
NEED_fresh="debootstrap"
NEED_load="slowhttptest"
NEED_attack="sqlmap wapiti testssl.sh systemd"

# A package that something else already gives: a nodejs from elsewhere brings its own npm.
given() {
    case $1 in
    nodejs) command -v node >/dev/null ;;
    npm) command -v npm >/dev/null ;;
    systemd) command -v systemd-analyze >/dev/null ;;
    libjpeg-dev | nginx-light) dpkg_has "$1" || dpkg_has "$2" ;;
    *) return 1 ;;
    esac
}

dpkg_has() { echo "$NEED_INSTALLED" | grep -qxF -e "$1"; }

need() {
    command -v dpkg-query >/dev/null || {
        say "not a Debian: the packages of docs/dependencies.md must be there already"
        return 0
    }
    want=
    for list in "$@"; do eval "want=\"\$want \$NEED_$list\""; done
    NEED_INSTALLED=$(dpkg-query -W -f='${db:Status-Status} ${Package}\n' 2>/dev/null | sed -n 's/^installed //p')
    missing=
    for p in $want; do
        dpkg_has "$p" || given "$p" "$(need_other "$p")" || missing="$missing $p"
    done
    [ -z "$missing" ] || need_install $missing
}

# Another package that does the same job.
need_other() {
    case $1 in
    nginx-light) echo nginx ;;
    *) echo - ;;
    esac
}

need_install() {
    say "installing: $*"
    if [ "$(id -u)" = 0 ]; then as=
    elif command -v sudo >/dev/null; then as=sudo
    else die "please install as root: apt-get install --no-install-recommends $*"; fi
    $as env DEBIAN_FRONTEND=noninteractive apt-get -q update >&2
    # Postfix is for our tests, which bring their own settings: the machine is to have no mail server of it
    case " $* " in
    *" postfix "*) echo "postfix postfix/main_mailer_type select No configuration" | $as debconf-set-selections ;;
    esac
    $as env DEBIAN_FRONTEND=noninteractive \
        apt-get -q -y -o Dpkg::Use-Pty=0 --no-install-recommends install "$@" >&2 ||
        die "apt-get could not install: $*"
}
