-- Takes a lease. KEYS: a hash with the counts, and two sorted sets of holders by the
-- time at which their lease is over: of those that count, and of provisional ones.
-- ARGV: holder, times, ttl, keep and how many may be provisional; times in milliseconds.
local counts, leases, provisional = KEYS[1], KEYS[2], KEYS[3]
local holder, times, ttl, keep, most = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5])
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)

redis.call('ZREMRANGEBYSCORE', leases, '-inf', now)
local lapsed = redis.call('ZREMRANGEBYSCORE', provisional, '-inf', now)
if lapsed > 0 then
	redis.call('HINCRBY', counts, 'counted', -lapsed)
	redis.call('HINCRBY', counts, 'lapsed', lapsed)
end

local function take()
	for _, set in ipairs({leases, provisional}) do
		local over = redis.call('ZSCORE', set, holder)
		if over then
			if over - now < ttl / 2 then
				redis.call('ZADD', set, now + ttl, holder)
			end
			return 'same'
		end
	end
	if tonumber(redis.call('HGET', counts, 'counted') or 0) >= times then
		return 'used up'
	end
	redis.call('HINCRBY', counts, 'counted', 1)
	local set = leases
	if redis.call('ZCARD', provisional) + tonumber(redis.call('HGET', counts, 'lapsed') or 0) < most then
		set = provisional
	end
	redis.call('ZADD', set, now + ttl, holder)
	return 'new'
end

local state = take()
for _, key in ipairs(KEYS) do
	local left = redis.call('PTTL', key) -- -2: no key, -1: no end yet
	if left ~= -2 and left < keep then
		redis.call('PEXPIRE', key, keep + 1000) -- the next request for the same link says nearly the same
	end
end
return state
