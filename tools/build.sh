# SPDX-License-Identifier: MIT
# tools/build.sh - the web bundle and the meson folders. Sourced after need.sh and deps.sh.
#
# build       gcc, hardened: the program itself       build-asan  clang, ASan and UBSan: the tests
# build-fuzz  clang, libFuzzer                        build-tsan  clang, thread sanitizer

npm_has() { python3 -c 'import json,sys; sys.exit(sys.argv[1] not in json.load(open("package.json")).get("scripts",{}))' "$1"; }

# web/dist from web/, when there is a web/package.json. Only what changed is done again.
build_web() {
    [ -f web/package.json ] || return 0
    need_node
    lock=$(cat web/package.json web/package-lock.json 2>/dev/null | sha256sum)
    if [ ! -d web/node_modules ] || [ "$(cat web/node_modules/.stamp 2>/dev/null)" != "$lock" ]; then
        say "web: npm ci"
        (cd web && npm ci --no-audit --no-fund --loglevel=error) || die "web: npm ci failed"
        echo "$lock" >web/node_modules/.stamp
    fi
    now=$( (node --version
        find web \( -path web/node_modules -o -path web/dist \) -prune -o -type f -exec sha256sum {} + | LC_ALL=C sort) | sha256sum)
    [ -f web/dist/index.html ] && [ "$(cat web/node_modules/.built 2>/dev/null)" = "$now" ] && return 0
    say "web: bundle"
    (cd web && npm run --silent build) || die "web: the bundle could not be built"
    echo "$now" >web/node_modules/.built
}

# configure DIR OPTIONS...: meson looks at folders only when it configures (rooms, fuzz targets, the web
# bundle), so it is told to look again when their list changed.
configure() {
    folder=$1
    shift
    need_sqlite
    need_passwords
    list=$(find src tests bench web/dist -name meson.build -o -path 'tests/fuzz/*.c' -o -path 'web/dist/*' 2>/dev/null || true
        cat web/node_modules/.built 2>/dev/null || true)
    list=$(printf '%s\n' "$list" "$@" | LC_ALL=C sort | sha256sum)
    if [ ! -f "$folder/build.ninja" ]; then meson setup "$folder" "$@" || return 1
    elif [ "$(cat "$folder/.list" 2>/dev/null)" != "$list" ]; then
        meson setup --reconfigure "$folder" "$@" || return 1
    fi
    echo "$list" >"$folder/.list"
}

# build_app DIR: the hardened program, DIR/kontor.
build_app() {
    configure "$1" || die "meson could not configure $1"
    ninja -C "$1" src/app/kontor || die "the build failed"
    program=$1/src/app/kontor
    [ -x "$program" ] || die "$program was not built"
    cmp -s "$program" "$1/kontor" || { cp "$program" "$1/kontor.new" && mv "$1/kontor.new" "$1/kontor"; }
}

# build_san DIR SANITIZERS [OPTIONS...]: everything, by clang, with sanitizers.
build_san() {
    to=$1 what=$2
    shift 2
    export CC=clang CXX=clang++
    configure "$to" -Db_sanitize="$what" -Db_lundef=false "$@" && ninja -k 0 -C "$to"
    rc=$?
    unset CC CXX
    return $rc
}
