-- SPDX-License-Identifier: MIT
-- bench/create.lua - wrk: creates people, each another one; with "check" each is asked for duplicates before.
-- usage: wrk ... -s create.lua URL -- COOKIE CSRF RUN off|check
local thread_id, n, body, check = 0, 0, nil, false
local head = {}
local first = {"Anna", "Jonas", "Petra", "Maria", "Viktor", "Olga", "Lukas", "Greta"}
local last = {"Berg", "Kazlauskas", "Orlova", "Weber", "Smirnova", "Brandt", "Petraitis", "Hartmann", "Novak", "Lindner"}
function setup(thread) thread:set("id", thread_id); thread_id = thread_id + 1 end
function init(args)
  head = {["Cookie"] = args[1], ["X-CSRF-Token"] = args[2], ["Content-Type"] = "application/json"}
  run, check = tonumber(args[3]), args[4] == "check"
end
local function person()
  n = n + 1
  local k = (run * 64 + id) * 100000 + n
  local name = first[k % #first + 1] .. " " .. last[(k * 7) % #last + 1] .. string.format("%x", k)
  local phone = string.format("+49151%08d", (k * 7919) % 100000000)
  return string.format('{"name":"%s","phones":["%s"],"mails":["p%x@bench.example"],"job_title":"Einkauf"}', name, phone, k)
end
function request()
  if check and body == nil then
    body = person()
    return wrk.format("POST", "/api/v1/person/duplicates", head, body)
  end
  local b = body or person()
  body = nil
  return wrk.format("POST", "/api/v1/person", head, b)
end
function done(summary, latency)
  local e = summary.errors
  io.write(string.format("BENCH %d %d %d %d %d %d\n", summary.requests, summary.duration, latency:percentile(50),
    latency:percentile(99), e.connect + e.read + e.write + e.timeout, e.status))
end
