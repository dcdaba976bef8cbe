-- Notes a use of a download, unless another one was opened since. KEYS: as for open.lua.
-- ARGV: the ID, the time in microseconds, keep in milliseconds, and 1 if the download has
-- as many versions as it may have, so that another one is opened next.
local last = redis.call('HMGET', KEYS[1], 'id', 'used')
if last[1] == ARGV[1] then
	if ARGV[4] == '1' then
		redis.call('DEL', KEYS[1])
		return 1
	end
	if tonumber(ARGV[2]) > tonumber(last[2]) then
		redis.call('HSET', KEYS[1], 'used', ARGV[2])
	end
	redis.call('PEXPIRE', KEYS[1], ARGV[3])
end
return 1
