#!/bin/sh
# SPDX-License-Identifier: MIT
# bench/http.sh - replies without data a second, ours ÷ nginx (a static file of the same size, as many
# workers, keep-alive, wrk with 64 connections, rounds in turn). Prints
# "ours nginx ratio cpu_ratio"; the last is nginx's CPU time per reply ÷ ours, which a busy machine does not bend.
# usage: bench/http.sh PATH_OF_HTTP_HELLO [SECONDS 3] [ROUNDS 3] [PORT 18110]
set -eu
hello=$1 secs=${2:-3} rounds=${3:-3} port=${4:-18110}
cores=$(nproc) dir=$(mktemp -d) bytes=300
ours='' theirs=''
trap 'kill $ours $theirs 2>/dev/null; wait; rm -rf "$dir"' EXIT
head -c $bytes /dev/zero | tr '\0' x > "$dir/index.html"
cat > "$dir/nginx.conf" <<END
daemon off; pid $dir/pid; error_log stderr crit; worker_processes $cores;
events { worker_connections 1024; }
http { access_log off; open_file_cache max=100; sendfile on; tcp_nopush on; keepalive_requests 100000000;
       types { text/html html; } client_body_temp_path $dir; proxy_temp_path $dir; fastcgi_temp_path $dir;
       uwsgi_temp_path $dir; scgi_temp_path $dir;
       server { listen 127.0.0.1:$((port + 1)) reuseport; root $dir; } }
END
"$hello" 127.0.0.1:"$port" "$cores" $bytes & ours=$!
nginx -e stderr -p "$dir" -c "$dir/nginx.conf" & theirs=$!
sleep 0.5
cpu() { for p in $1 $(pgrep -P "$1"); do awk '{print $14 + $15}' "/proc/$p/stat"; done | awk '{n += $1} END {print n}'; }
# port, pid -> replies a second, CPU ticks for a million of them
round() {
    before=$(cpu "$2")
    wrk -t2 -c64 -d"$secs"s "http://127.0.0.1:$1/index.html" > "$dir/out"
    grep Non-2xx "$dir/out" >&2 || true
    awk -v ticks=$(($(cpu "$2") - before)) '/requests in/ {n = $1} /^Requests\/sec/ {r = $2} END {print r, ticks * 1e6 / n}' "$dir/out"
}
for _ in $(seq "$rounds"); do
    round "$port" $ours >> "$dir/ours"
    round $((port + 1)) $theirs >> "$dir/theirs"
done
median() { awk -v c="$2" '{print $c}' "$dir/$1" | sort -n | awk '{v[NR] = $1} END {print v[int((NR + 1) / 2)]}'; }
awk -v a="$(median ours 1)" -v b="$(median theirs 1)" -v c="$(median ours 2)" -v d="$(median theirs 2)" \
    'BEGIN {printf "%.0f %.0f %.2f %.2f\n", a, b, a / b, d / c}'
