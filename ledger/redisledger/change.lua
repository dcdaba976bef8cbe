-- Replaces the entries of an ID, unless somebody else has changed them. KEYS: the entries,
-- and what says that this change was made, in case its answer is lost. ARGV: the entries
-- before and after, keep, and how long the second key is kept, in milliseconds.
if redis.call('EXISTS', KEYS[2]) == 1 then
	return 1
end
if (redis.call('GET', KEYS[1]) or '') ~= ARGV[1] then
	return 0
end
redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
redis.call('SET', KEYS[2], '', 'PX', ARGV[4])
return 1
