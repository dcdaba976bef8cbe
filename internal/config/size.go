package config

// ParseSize reads bytes: a whole number and a unit of 1000 (kB, MB, GB, TB) or
// of 1024 (KiB, MiB, GiB, TiB), or B. The error goes on after the text.
func ParseSize(s string) (int64, error) { return size(s) }
