-- Opens a download. KEYS: a hash with the last one of a subject and a file. ARGV: when the
-- request began, the window, the ID of a new download, keep, and the latest time of a last
-- use. Keep is in milliseconds, the other times are in microseconds.
local began, window, latest = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[5])
local last = redis.call('HMGET', KEYS[1], 'id', 'used')
local id, used = last[1], tonumber(last[2] or 0)
if not id or began > used + window or used > latest then
	id = ARGV[3]
	redis.call('HSET', KEYS[1], 'id', id, 'used', ARGV[1])
elseif began > used then
	redis.call('HSET', KEYS[1], 'used', ARGV[1])
end
redis.call('PEXPIRE', KEYS[1], ARGV[4])
return id
