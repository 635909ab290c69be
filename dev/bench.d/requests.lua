-- For wrk: /api/todos with CURFEW_BENCH_METHOD, as everybody in turn whose cookie is in CURFEW_BENCH_COOKIES.
local requests, last = {}, 0

function init()
  local method = os.getenv("CURFEW_BENCH_METHOD")
  local body = method == "POST" and '{"task":"Follow the white rabbit"}' or nil
  for cookie in io.lines(os.getenv("CURFEW_BENCH_COOKIES")) do
    local headers = { Cookie = cookie, ["Content-Type"] = body and "application/json" }
    requests[#requests + 1] = wrk.format(method, "/api/todos", headers, body)
  end
end

function request()
  last = last % #requests + 1
  return requests[last]
end
