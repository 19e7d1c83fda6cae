-- SPDX-License-Identifier: MIT
-- bench/sync.lua - wrk: hands over people, N in a request, each another one, by many senders: one alone is a flood.
-- usage: wrk ... -s sync.lua URL -- FILE-OF-KEYS RUN N
local thread_id, n = 0, 0
local heads = {}
local first = {"Anna", "Jonas", "Petra", "Maria", "Viktor", "Olga", "Lukas", "Greta"}
local last = {"Berg", "Kazlauskas", "Orlova", "Weber", "Smirnova", "Brandt", "Petraitis", "Hartmann", "Novak", "Lindner"}
function setup(thread) thread:set("id", thread_id); thread_id = thread_id + 1 end
function init(args)
  for key in io.lines(args[1]) do
    heads[#heads + 1] = {["Authorization"] = "Bearer " .. key, ["Content-Type"] = "application/json"}
  end
  run, each = tonumber(args[2]), tonumber(args[3])
end
local function item()
  n = n + 1
  local k = (run * 64 + id) * 100000 + n
  return string.format('{"entity":"person","key":"%d","values":{"name":"%s %s%x","phones":["+49151%08d"],"mails":["s%x@bench.example"],"job_title":"Einkauf"}}',
    k, first[k % #first + 1], last[(k * 7) % #last + 1], k, (k * 7919) % 100000000, k)
end
function request()
  local t = {}
  for i = 1, each do t[i] = item() end
  return wrk.format("POST", "/api/v1/sync/bench", heads[n % #heads + 1], '{"items":[' .. table.concat(t, ",") .. ']}')
end
function done(summary, latency)
  local e = summary.errors
  io.write(string.format("BENCH %d %d %d %d %d %d\n", summary.requests, summary.duration, latency:percentile(50),
    latency:percentile(99), e.connect + e.read + e.write + e.timeout, e.status))
end
