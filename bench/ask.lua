-- SPDX-License-Identifier: MIT
-- bench/ask.lua - wrk: GETs the paths of a file one after the other, each thread from another place.
-- usage: wrk ... -s ask.lua URL -- PATHS COOKIE
local list, at, n = {}, 0, 0
local thread_id = 0
function setup(thread) thread:set("id", thread_id); thread_id = thread_id + 1 end
function init(args)
  local head = {}
  if args[2] and args[2] ~= "" then head["Cookie"] = args[2] end
  for path in io.lines(args[1]) do n = n + 1; list[n] = wrk.format("GET", path, head) end
  at = (id * 7919) % n
end
function request() at = at % n + 1; return list[at] end
function done(summary, latency)
  local e = summary.errors
  io.write(string.format("BENCH %d %d %d %d %d %d\n", summary.requests, summary.duration, latency:percentile(50),
    latency:percentile(99), e.connect + e.read + e.write + e.timeout, e.status))
end
