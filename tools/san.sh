#!/bin/sh
# SPDX-License-Identifier: MIT
# tools/san.sh - ./dev san: the tests under the thread sanitizer, then under valgrind, and two builds in two
# folders compared. Slower than ./dev test, run before a release.
set -u
cd "$(dirname "$0")/.."
ROOT=$(pwd)
. tools/need.sh
. tools/deps.sh
. tools/build.sh
red=0

say "thread sanitizer"
build_san build-tsan thread || die "san: the tsan build failed"
KONTOR_MANY=5 TSAN_OPTIONS="halt_on_error=0 exitcode=66 second_deadlock_stack=1" sh tools/with-pg.sh sh tools/unit.sh build-tsan || red=1

say "valgrind"
build_web
configure build || die "san: meson could not configure build"
ninja -C build || die "san: the build failed"
sh tools/with-pg.sh sh tools/unit.sh build --suite unit --timeout-multiplier 20 \
    --wrapper 'valgrind --quiet --error-exitcode=66 --leak-check=full --errors-for-leak-kinds=definite' || red=1

say "equal builds"
twin=$(mktemp -d)
trap 'rm -rf "$twin"' EXIT
git ls-files -co --exclude-standard | tar -cf - -T - | tar -xf - -C "$twin"
mkdir -p "$twin/.deps" && cp -r .deps/sqlite "$twin/.deps/" && { [ ! -d web/dist ] || cp -r web/dist "$twin/web/"; }
(cd "$twin" && meson setup build >/dev/null && ninja -C build src/app/kontor >/dev/null) || die "san: the second build failed"
a=$(sha256sum <build/src/app/kontor) b=$(sha256sum <"$twin/build/src/app/kontor")
if [ "$a" = "$b" ]; then echo "equal builds: 1 passed, 0 failed"; else echo "equal builds: 0 passed, 1 failed"; red=1; fi
exit $red
