-- Makes the provisional lease of a holder count. KEYS as for a lease. ARGV: holder.
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local over = redis.call('ZSCORE', KEYS[3], ARGV[1])
if not over or tonumber(over) <= now then
	return 0
end
local keep = math.max(redis.call('PTTL', KEYS[1]), redis.call('PTTL', KEYS[2]))
redis.call('ZREM', KEYS[3], ARGV[1])
redis.call('ZADD', KEYS[2], over, ARGV[1])
redis.call('PEXPIRE', KEYS[2], keep)
return 1
