#!/bin/sh
# SPDX-License-Identifier: MIT
# bench/http.sh - replies without data a second, ours ÷ nginx (a static file of the same size, as many
# workers, keep-alive, wrk with 64 connections, rounds in turn). Prints "ours nginx ratio".
# usage: bench/http.sh PATH_OF_HTTP_HELLO [SECONDS 3] [ROUNDS 3] [PORT 18110]
set -eu
hello=$1 secs=${2:-3} rounds=${3:-3} port=${4:-18110}
cores=$(nproc) dir=$(mktemp -d) bytes=300
trap 'kill $ours $theirs 2>/dev/null; rm -rf "$dir"' EXIT
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
rate() { wrk -t2 -c64 -d"$secs"s "http://127.0.0.1:$1/index.html" | awk '/^Requests\/sec/ {print $2} /Non-2xx/ {print "errors" > "/dev/stderr"}'; }
a='' b=''
for _ in $(seq "$rounds"); do a="$a $(rate "$port")"; b="$b $(rate $((port + 1)))"; done
median() { printf '%s\n' "$@" | sort -n | awk '{v[NR]=$1} END {print v[int((NR+1)/2)]}'; }
m=$(median $a) n=$(median $b)
awk -v m="$m" -v n="$n" 'BEGIN {printf "%.0f %.0f %.2f\n", m, n, m / n}'
