# SPDX-License-Identifier: MIT
# tools/deps.sh - what comes from npm besides the web app's packages: the SQLite amalgamation, the list of common
# passwords, and a Node where the machine's is too old. Each is pinned in tools/deps.lock and checked before use.
# The registry is the one that the user's npm is set to.

# fetch NAME DIR: the locked package's content in DIR (replaced whole), or death.
fetch() {
    line=$(grep "^$1 " tools/deps.lock) || die "tools/deps.lock has no $1"
    spec=$(echo "$line" | cut -d' ' -f2) sum=$(echo "$line" | cut -d' ' -f3)
    tmp=$(mktemp -d "$ROOT/.deps/tmp.XXXXXX")
    say "fetching $spec"
    (cd "$tmp" && npm pack --silent --ignore-scripts "$spec" >/dev/null) || die "npm could not get $spec"
    got=sha512-$(openssl dgst -sha512 -binary "$tmp"/*.tgz | openssl base64 -A)
    [ "$got" = "$sum" ] || { rm -rf "$tmp"; die "$spec: integrity is $got, the lock says $sum"; }
    tar -xzf "$tmp"/*.tgz -C "$tmp" package
    rm -rf "$2"
    mv "$tmp/package" "$2"
    rm -rf "$tmp"
}

# Node: Vite asks for 20.19 or newer. Debian 12's is 18, so then .deps/node leads the PATH.
need_node() {
    mkdir -p .deps
    new='const [a, b] = process.versions.node.split("."); process.exit(a > 20 || (a == 20 && b >= 19) ? 0 : 1)'
    node -e "$new" 2>/dev/null && return 0
    want=$(grep "^node-$(uname -m) " tools/deps.lock) || die "no Node for $(uname -m): install 20.19 or newer"
    if [ "$(cat .deps/node/stamp 2>/dev/null)" != "$want" ]; then
        fetch "node-$(uname -m)" .deps/node
        fetch npm .deps/node/npm
        for tool in npm npx; do
            printf '#!/bin/sh\nexec "%s/.deps/node/bin/node" "%s/.deps/node/npm/bin/%s-cli.js" "$@"\n' \
                "$ROOT" "$ROOT" "$tool" >.deps/node/bin/$tool
            chmod +x .deps/node/bin/$tool
        done
        echo "$want" >.deps/node/stamp
    fi
    PATH=$ROOT/.deps/node/bin:$PATH
    export PATH
    node -e "$new" || die ".deps/node is not what it should be"
}

# .deps/passwords/passwords.json: what leaked most often, the most frequent first.
need_passwords() {
    source=$(grep '^passwords ' tools/deps.lock)
    [ "$(cat .deps/passwords/stamp 2>/dev/null)" = "$source" ] && return 0
    mkdir -p .deps
    fetch passwords .deps/passwords.new
    rm -rf .deps/passwords
    mkdir .deps/passwords
    mv .deps/passwords.new/src/passwords.json .deps/passwords.new/LICENSE* .deps/passwords/
    rm -rf .deps/passwords.new
    echo "$source" >.deps/passwords/stamp
}

# DEFAULT_MEMSTATUS=0: no lock per allocation. DQS=0: "x" is never a string. THREADSAFE=2: a connection
# belongs to one thread at a time. The progress callback stays: it is how long queries are cancelled.
SQLITE_FLAGS="-O2 -fPIE -ffile-prefix-map=$ROOT=.
    -fstack-protector-strong -fstack-clash-protection -ftrivial-auto-var-init=zero
    -DSQLITE_THREADSAFE=2 -DHAVE_FDATASYNC=1 -DSQLITE_DQS=0 -DSQLITE_DEFAULT_MEMSTATUS=0 -DSQLITE_ENABLE_FTS5
    -DSQLITE_OMIT_DEPRECATED -DSQLITE_OMIT_SHARED_CACHE -DSQLITE_OMIT_LOAD_EXTENSION
    -DSQLITE_LIKE_DOESNT_MATCH_BLOBS -DSQLITE_TRUSTED_SCHEMA=0 -DSQLITE_DEFAULT_SYNCHRONOUS=2
    -DSQLITE_DEFAULT_WAL_SYNCHRONOUS=2 -DSQLITE_MAX_MMAP_SIZE=0x40000000000LL"

# .deps/sqlite/libsqlite3.a with our flags; made anew when the lock, a flag or the compiler changes.
need_sqlite() {
    case $(uname -m) in x86_64) cet=-fcf-protection=full ;; *) cet= ;; esac
    source=$(grep '^sqlite ' tools/deps.lock)
    flags="$(echo $SQLITE_FLAGS $cet) $(gcc -dumpfullversion)"
    dir=.deps/sqlite
    [ "$(cat $dir/stamp 2>/dev/null)" = "$source $flags" ] && [ -f $dir/libsqlite3.a ] && return 0
    mkdir -p $dir
    if [ "$(cat $dir/source 2>/dev/null)" != "$source" ] || [ ! -f $dir/sqlite3.c ]; then
        fetch sqlite .deps/better-sqlite3
        mv .deps/better-sqlite3/deps/sqlite3/sqlite3.c .deps/better-sqlite3/deps/sqlite3/sqlite3.h $dir/
        rm -rf .deps/better-sqlite3
        echo "$source" >$dir/source
    fi
    say "compiling SQLite"
    gcc $SQLITE_FLAGS $cet -D_FORTIFY_SOURCE=3 -w -c $dir/sqlite3.c -o $dir/new.o
    ar rcsD $dir/new.a $dir/new.o
    mv $dir/new.a $dir/libsqlite3.a # in one step: another build may be linking
    rm -f $dir/new.o
    echo "$source $flags" >$dir/stamp
}
